import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failingBuild, runTare, type TareOptions } from '../support/cli.ts';
import { writeProject } from '../support/example.ts';
import { makeWheel } from '../support/make-wheel.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { indexEnvironment, type SimpleIndex, startSimpleIndex } from '../support/simple-index.ts';

let folder: string;
let index: SimpleIndex;
let options: TareOptions;
let project: string;
let text: string;

/** A project that nothing names but its folder, with its lock. */
beforeAll(async () => {
  folder = await makeTemporaryDir('lock-edits');
  const versions = ['1.0', '2.0'].map((version) => makeWheel({ name: 'greet', version, files: { 'greet.py': '' } }));
  index = await startSimpleIndex(versions);
  options = { env: indexEnvironment(index.url) };
  project = await writeProject(join(folder, 'shop'), {
    'main.py': 'import greet\n',
    'requirements.txt': 'greet\n',
    '.python-version': '3.13\n',
    'tare.toml': 'entrypoint = "main.py"\n',
  });
  const made = await runTare(['lock', project], options);
  expect(made.code, made.stderr).toBe(0);
  text = await readFile(join(project, 'tare.lock'), 'utf8');
});
afterAll(async () => {
  await index.stop();
  await rm(folder, { recursive: true, force: true });
});

async function copyOf(name: string): Promise<string> {
  const copy = join(folder, name);
  await cp(project, copy, { recursive: true });
  return copy;
}

test('a project that only its folder names may lie in a folder of any name', async () => {
  expect(text).toContain('project = "."');
  const elsewhere = await copyOf('shop-of-a-checkout');
  for (const args of [['--locked'], ['--frozen']]) {
    const built = await runTare(['build', elsewhere, ...args], options);
    expect(built.code, built.stderr).toBe(0);
  }
  expect((await runTare(['lock', elsewhere, '--check'], options)).code).toBe(0);
  expect(await readFile(join(elsewhere, 'tare.lock'), 'utf8')).toBe(text);
});

test.each([
  ['a package of the base', /\n\[\[target\.base\.package\]\]\nname = "libc6"\n(?:[^\n[]+\n)*/, '\n', /`libc6`/],
  [
    'what a package needs',
    /\n\[\[target\.base\.package\]\]\nname = "libpython3\.13-stdlib"\n(?:[^\n[]+\n)*/,
    '\n',
    /needs `libpython3\.13-stdlib`/,
  ],
  ['the version of Python', /full-version = "3\.13\.\d+"/, 'full-version = "3.13.99"', /Python 3\.13\.99/],
])('a lock in which %s was edited is refused, and says what is wrong', async (_, part, instead, problem) => {
  const edited = text.replace(part, instead);
  expect(edited).not.toBe(text);
  const dir = await copyOf('edited');
  await writeFile(join(dir, 'tare.lock'), edited);
  for (const args of [[], ['--locked'], ['--frozen']]) {
    const error = await failingBuild(dir, args, options);
    expect(error).toMatchObject({ code: 'IMAGE_LOCK_INVALID', message: expect.stringMatching(problem) });
    expect(error.hint).toContain('`tare lock`');
  }
});

test('a lock does not fit any more when the project tells uv to resolve otherwise, and is made by that', async () => {
  const dir = await copyOf('constrained');
  await writeFile(join(dir, 'pyproject.toml'), '[tool.uv]\nconstraint-dependencies = ["greet<2"]\n');
  const checked = await runTare(['lock', dir, '--check'], options);
  expect(checked.code).toBe(1);
  expect(checked.stderr).toMatch(/IMAGE_LOCK_STALE.*what the project tells uv/);
  await rm(join(dir, 'tare.lock'));
  const env = { ...options.env, UV_NO_CONFIG: undefined };
  const again = await runTare(['lock', dir], { ...options, env });
  expect(again.code, again.stderr).toBe(0);
  expect(text).toContain('greet-2.0-py3');
  expect(await readFile(join(dir, 'tare.lock'), 'utf8')).toContain('greet-1.0-py3');
});
