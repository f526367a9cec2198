import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dockerfileInputs, plannedTarget, plannedWheel } from '../../../test/support/dockerfile-plan.ts';
import { temporaryDir } from '../../../test/support/paths.ts';
import { createContext } from '../context.ts';
import type { Prepared } from '../plan/prepare.ts';
import { readProject } from '../project/opened.ts';
import { buildFilesOf, lockSourceOf, projectIndexes } from './inputs.ts';

const because = { rule: 'the test says so' };
const hash = `sha256:${'c'.repeat(64)}`;

/** A project as it is on disk, with a plan whose wheels were chosen by what is given. */
async function prepared(files: Readonly<Record<string, string>>, kind: 'lock' | 'requirements' | 'resolved') {
  const dir = await temporaryDir('dockerfile-inputs');
  for (const [path, text] of Object.entries({ 'main.py': '', ...files })) {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  const context = createContext({ env: { HOME: dir }, cacheDir: join(dir, 'cache') });
  const { project, config, facts } = await readProject(dir, {}, context);
  const wheels = [plannedWheel('flask'), plannedWheel('torch', '2.9.0+cpu', 'c')];
  const { plan } = dockerfileInputs({ targets: [plannedTarget({ wheels, resolution: { kind, because } })] });
  return { context, it: { config, facts, inputs: { plan, project } } as unknown as Prepared };
}

test('a closed requirements file is read as it is, with what it includes', async () => {
  const text = `-r requirements/base.txt\n--extra-index-url https://jo:word@index.example/whl/cpu\ntorch==2.9.0+cpu --hash=${hash}\n`;
  const files = { 'requirements.txt': text, 'requirements/base.txt': `flask==1.0 --hash=${hash}\n` };
  const { it, context } = await prepared(files, 'requirements');
  expect(await lockSourceOf(it, context)).toEqual({
    kind: 'requirements',
    file: 'requirements.txt',
    files: ['requirements.txt', 'requirements/base.txt'],
  });
  // What only such an index has is known to come from it; its password stays out.
  expect(await projectIndexes(it, context)).toEqual([{ url: 'https://index.example/whl/cpu', names: ['torch'] }]);
});

test('where a file names a folder, or wheels were resolved, the plan lists them', async () => {
  const open = await prepared({ 'requirements.txt': 'flask\n' }, 'resolved');
  expect(await lockSourceOf(open.it, open.context)).toEqual({ kind: 'plan' });
});

test('indexes that uv is told of are the project’s own, but for the default', async () => {
  const pyproject = [
    '[project]\nname = "x"\nversion = "1"\n',
    '[[tool.uv.index]]\nurl = "https://index.example/whl/cpu"\n[[tool.uv.index]]\nurl = "https://mirror.example/simple"\ndefault = true\n',
  ].join('');
  const { it, context } = await prepared({ 'pyproject.toml': pyproject }, 'resolved');
  expect(await projectIndexes(it, context)).toEqual([{ url: 'https://index.example/whl/cpu', names: [] }]);
});

test('a build back end gets what it usually reads, and the readme of the manifest', async () => {
  const pyproject = '[project]\nname = "x"\nversion = "1"\nreadme = "docs/about.md"\n';
  const { it } = await prepared({ 'pyproject.toml': pyproject, 'docs/about.md': '#', LICENSE: 'x' }, 'resolved');
  expect(await buildFilesOf(it.inputs.project)).toEqual(['pyproject.toml', 'LICENSE', 'docs/about.md']);
});
