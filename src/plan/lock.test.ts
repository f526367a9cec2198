import { describe, expect, test } from 'vitest';
import { detectProject } from '../project/manifest.ts';
import { makeMemoryProject } from '../project/memory-project.ts';
import { type DependencySource, readDependencies } from './lock.ts';
import { targetMarkerEnvironment } from './target.ts';

const hash = `--hash=sha256:${'a'.repeat(64)}`;
const manifest = (more: string): string =>
  `[project]\nname = "shop"\nversion = "1.0"\ndependencies = ["fastapi>=0.1", "gitpython; sys_platform == 'linux'", "pywin32; sys_platform == 'win32'"]\n${more}`;
const buildSystem = '[build-system]\nrequires = []\nbuild-backend = "setuptools.build_meta"\n';

async function select(files: Readonly<Record<string, string>>): Promise<DependencySource> {
  const project = makeMemoryProject({ 'shop/__init__.py': '', ...files });
  const dependencies = await readDependencies(project, await detectProject(project), {});
  const environment = targetMarkerEnvironment('linux/amd64', '3.13', '3.13.5');
  return dependencies.select({ environment, extras: [], groups: [] });
}

describe('a requirements file beside a project that is installed as a distribution', () => {
  test('what the project needs is resolved along with it', async () => {
    const source = await select({ 'pyproject.toml': manifest(buildSystem), 'requirements.txt': 'fastapi\nuvicorn\n' });
    expect(source).toMatchObject({
      kind: 'unresolved',
      requirements: expect.stringMatching(/^fastapi\nuvicorn\nfastapi>=0\.1\ngitpython;/),
    });
  });

  test('it is no lock where it leaves out what the project needs on the target', async () => {
    const pinned = `fastapi==0.1 ${hash}\n`;
    const open = await select({ 'pyproject.toml': manifest(buildSystem), 'requirements.txt': pinned });
    expect(open).toMatchObject({
      kind: 'unresolved',
      because: { file: 'requirements.txt', rule: expect.stringContaining('`gitpython`') },
    });
    const closed = `${pinned}GitPython==3.1 ${hash}\n`;
    const lock = await select({ 'pyproject.toml': manifest(buildSystem), 'requirements.txt': closed });
    expect(lock).toMatchObject({ kind: 'pinned', distributions: [{ name: 'fastapi' }, { name: 'gitpython' }] });
  });

  test('without a build system the file alone says what is installed', async () => {
    const source = await select({ 'pyproject.toml': manifest(''), 'requirements.txt': 'uvicorn\n' });
    expect(source).toMatchObject({ kind: 'unresolved', requirements: 'uvicorn' });
  });
});
