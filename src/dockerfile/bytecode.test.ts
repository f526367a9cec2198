import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { mustRun, runCommand } from '../../test/support/command.ts';
import { requireComponent } from '../../test/support/components.ts';
import { dockerfileInputs } from '../../test/support/dockerfile-plan.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { compileApplication } from './bytecode.ts';
import { makeFrame } from './frame.ts';
import { renderInstruction } from './render-instruction.ts';

/** The step of a Dockerfile that compiles these files, run by a shell on this machine, in the folder that they are in. */
async function runStep(context: TestContext, files: Readonly<Record<string, string>>, before = '') {
  await requireComponent(context, 'python3');
  const dir = await temporaryDir('dockerfile-bytecode');
  await mkdir(dir, { recursive: true });
  for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text);
  const group = {
    kind: 'application',
    destination: dir,
    strip: '',
    bytes: 1,
    because: { rule: 'the test says so' },
  } as const;
  const plan = { workdir: dir, files: { groups: [{ ...group, paths: Object.keys(files) }], leftOut: [] } };
  const frame = makeFrame(dockerfileInputs(plan), { variant: 'venv' });
  const program = (await mustRun('python3', ['-c', 'import sys; print(sys.executable)'])).trim();
  const python = { ...frame.python, program };
  const step = renderInstruction({ kind: 'run', mounts: [], commands: compileApplication({ ...frame, python }) });
  const ended = await runCommand('sh', ['-c', `${before}${step.replace(/^RUN /, '')}`], { cwd: dir });
  const cache = await readdir(join(dir, '__pycache__')).catch(() => []);
  return { ...ended, compiled: cache.map((name) => name.split('.')[0]) };
}

/** What takes more than a second of a processor to compile. */
const slow = 'x = [i + 1 for i in range(9) if i]\n'.repeat(150_000);
/** So many modules that more than one process compiles. */
const many = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`m${at}.py`, 'x = 1\n']));

describe.each([
  ['one process', {}],
  ['as many as there are processors', many],
])('%s', (_how, others) => {
  test('what is no Python of today stays, and the rest is compiled', { timeout: 120_000 }, async (context) => {
    const files = { ...others, 'old.py': 'print "x"\n', 'zero.py': 'x = 1\0', 'new.py': 'x = 1\n' };
    const { code, compiled, stderr } = await runStep(context, files);
    expect(code, stderr).toBe(0);
    expect(compiled).toContain('new');
    expect(compiled).not.toContain('old');
  });

  test('a compiler that is killed fails the step', { timeout: 120_000 }, async (context) => {
    const { code } = await runStep(context, { ...others, 'slow.py': slow }, 'ulimit -t 1; ');
    expect(code).not.toBe(0);
  });
});

test('modules of the application that are called as those of the compiler are compiled, not run', {
  timeout: 120_000,
}, async (context) => {
  const own = Object.fromEntries(
    ['argparse', 'compileall', 'queue', 'types'].map((name) => [`${name}.py`, 'exit(3)\n']),
  );
  const { code, compiled, stderr } = await runStep(context, { ...many, ...own });
  expect(code, stderr).toBe(0);
  expect(compiled).toEqual(expect.arrayContaining(['argparse', 'compileall', 'queue', 'types', 'm1']));
});
