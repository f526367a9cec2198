// `tare build` as a whole process: how long it takes, how much it needs, what it prints.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'dist', 'main.js');
const reporter = new URL('usage-reporter.mjs', import.meta.url).href;

/** What the caller has set for tare itself would change what is measured. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(TARE_|NODE_OPTIONS$)/.test(name)),
);

/**
 * Runs Node to its end: `ms` from start to end, `cpu` milliseconds of processor time, `peak` the most bytes it had resident.
 * `folder` is for files of this module.
 */
function run(folder, args, env) {
  const file = join(folder, 'usage.json');
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', reporter, ...args], {
    encoding: 'utf8',
    env: { ...inherited, ...env, BENCH_USAGE_FILE: file },
    maxBuffer: 64 * 1024 * 1024,
  });
  const ms = performance.now() - begun;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}\n${stderr}`);
  return { ms, ...JSON.parse(readFileSync(file, 'utf8')), stdout };
}

/** A Node that does nothing: below this no command can be. */
export function startNode(folder) {
  const { stdout: _stdout, ...used } = run(folder, ['--eval', '0'], {});
  return used;
}

/** `tare build PROJECT --json ARGS` with a cache in `folder` and more variables: what it used, and its report. */
export function build(folder, project, args = [], env = {}) {
  const { stdout, ...used } = run(folder, [command, 'build', project, '--json', ...args], {
    TARE_CACHE_DIR: join(folder, 'cache'),
    ...env,
  });
  return { ...used, report: JSON.parse(stdout) };
}

/** `tare ARGS --json` with a cache in `folder`, unless `env` names another: what it used, and what it reports. */
export function tare(folder, args, env = {}) {
  const { stdout, ...used } = run(folder, [command, ...args, '--json'], {
    TARE_CACHE_DIR: join(folder, 'cache'),
    ...env,
  });
  return { ...used, report: JSON.parse(stdout) };
}

export function assertCompiled() {
  if (!existsSync(command)) throw new Error(`${command} is not there: run \`npm run build\` first`);
}
