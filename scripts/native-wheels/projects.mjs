import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { architectures } from './wheels.mjs';

/** Variables of the caller that would change what tare decides. */
const notInherited = /^(TARE_|SOURCE_DATE_EPOCH$|VIRTUAL_ENV$|CI$|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$)/;

/** A project of one file that requires one wheel, in a folder of its own; gives the folder. */
export function writeProject({ here }, requirement) {
  const dir = join(here, 'projects', folderName(requirement));
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'requirements.txt'), `${requirement}\n`);
  writeFileSync(join(dir, 'main.py'), 'print("here")\n');
  writeFileSync(join(dir, 'pyproject.toml'), '[tool.tare]\ncommand = ["python", "main.py"]\n');
  return dir;
}

export function folderName(requirement) {
  return requirement
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replace(/-$/, '');
}

/** Runs tare with the cache that all projects share. */
export function runTare({ cli, here, offline }, args) {
  const inherited = Object.entries(process.env).filter(([name]) => !notInherited.test(name));
  const env = { ...Object.fromEntries(inherited), TARE_CACHE_DIR: join(here, 'cache') };
  const all = [cli, ...args, ...(offline ? ['--offline'] : [])];
  return spawnSync(process.execPath, all, { env, encoding: 'utf8', maxBuffer: 2 ** 28 });
}

/** What tare plans for each architecture: `{ target, warnings }`, or `{ error }` where it cannot. */
export function planProject(settings, dir, python) {
  const both = planFor(settings, dir, python, architectures);
  // One without a wheel takes the other along.
  return both.error === undefined
    ? both.plans
    : architectures.map((one) => {
        const alone = planFor(settings, dir, python, [one]);
        return alone.error === undefined ? alone.plans[0] : { error: alone.error };
      });
}

function planFor(settings, dir, python, wanted) {
  const platforms = wanted.map((one) => `linux/${one}`).join(',');
  const args = ['plan', dir, '--json', '--python', python, '--platform', platforms, '--progress', 'none'];
  const { stdout, stderr, status } = runTare(settings, args);
  if (!stdout.startsWith('{')) throw new Error(`tare plan ${dir} ended with ${status}\n${stderr}`);
  const plan = JSON.parse(stdout);
  if (plan.error !== undefined) return { error: plan.error };
  const path = plan.env.find((one) => one.name === 'LD_LIBRARY_PATH')?.value ?? '';
  const libraryPath = path.split(':').filter((folder) => folder !== '');
  return { plans: plan.targets.map((target) => ({ target, warnings: plan.warnings, libraryPath })) };
}
