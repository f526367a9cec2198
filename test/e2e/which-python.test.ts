import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as v from 'valibot';
import { failingBuild, runTare } from '../support/cli.ts';
import { writeProject } from '../support/example.ts';
import { makeWheel } from '../support/make-wheel.ts';
import { temporaryDir } from '../support/paths.ts';
import { indexEnvironment, startSimpleIndex } from '../support/simple-index.ts';

const planSchema = v.object({
  targets: v.array(
    v.object({
      platform: v.string(),
      python: v.object({ version: v.string(), because: v.object({ rule: v.string() }) }),
      base: v.object({ suite: v.string() }),
    }),
  ),
});

/** A project that needs `odd`, of which there are wheels with these tags. */
async function makeProject(tags: readonly string[], python: string) {
  const wheels = tags.map((tag) => makeWheel({ name: 'odd', version: '1.0', tag, files: { 'odd/__init__.py': '' } }));
  const index = await startSimpleIndex(wheels);
  onTestFinished(() => index.stop());
  const dir = await writeProject(join(await temporaryDir('which'), 'app'), {
    'app.py': 'import odd\nprint("ran")\n',
    'pyproject.toml': `[project]\nname = "app"\nversion = "1"\n${python}dependencies = ["odd==1.0"]\n[tool.tare]\nentrypoint = "app.py"\n`,
  });
  return { dir, env: indexEnvironment(index.url) };
}

const both = ['--platform', 'linux/amd64,linux/arm64'];
const wheelsFor = (python: string, machines: readonly string[]) =>
  machines.map((machine) => `cp${python}-cp${python}-manylinux2014_${machine}`);

test('the newest Python for which every requirement has a wheel on every platform, with the reason', async () => {
  const tags = [...wheelsFor('313', ['x86_64']), ...wheelsFor('311', ['x86_64', 'aarch64'])];
  const { dir, env } = await makeProject(tags, 'requires-python = ">=3.10"\n');
  const { stdout } = await runTare(['plan', dir, '--json', ...both], { env });
  for (const { python, base } of v.parse(planSchema, JSON.parse(stdout)).targets) {
    expect(python.version).toBe('3.11');
    expect(base.suite).toBe('bookworm');
    expect(python.because.rule).toMatch(/`>=3\.10` allows it, .* Debian bookworm has it; not 3\.13, as .*odd/);
  }
  // For the platform that has the wheel alone, the newest does.
  const amd64 = await runTare(['plan', dir, '--json', '--platform', 'linux/amd64'], { env });
  expect(v.parse(planSchema, JSON.parse(amd64.stdout)).targets.map((one) => one.python.version)).toEqual(['3.13']);
});

test('without such a Python the error is that of the newest', async () => {
  const { dir, env } = await makeProject(wheelsFor('310', ['x86_64', 'aarch64']), '');
  const error = await failingBuild(dir, both, { env });
  expect(error.exit).toBe(1);
  expect(`${error.message} ${error.expected ?? ''}`).toMatch(/odd/);
  expect(`${error.message} ${error.expected ?? ''} ${error.actual ?? ''}`).toMatch(/3\.13|cp313/);
});

test('a Python that is named is not changed', async () => {
  const { dir, env } = await makeProject(wheelsFor('311', ['x86_64', 'aarch64']), '');
  const error = await failingBuild(dir, ['--python', '3.13', ...both], { env });
  expect(`${error.message} ${error.expected ?? ''} ${error.actual ?? ''}`).toMatch(/odd/);
});
