import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { writeProject } from '../support/example.ts';
import { temporaryDir } from '../support/paths.ts';

/** Builds and runs an application; gives what it prints and what the build says. */
async function runProject(dir: string, args: readonly string[] = []) {
  const result = await runTare(['run', dir, '--progress', 'plain', ...args]);
  expect(result.code, result.stderr).toBe(0);
  return result;
}

async function planOf(dir: string, args: readonly string[] = []) {
  const result = await runTare(['plan', dir, '--json', ...args]);
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout);
}

test('docopt, which has no wheel, and what needs it', async () => {
  const dir = await writeProject(join(await temporaryDir('sdists-real'), 'app'), {
    'app.py': 'import docopt, num2words\nprint(docopt.__version__, num2words.num2words(7))\n',
    'requirements.txt': 'num2words==0.5.14\n',
    'tare.toml': 'python = "3.13"\ncommand = ["python", "app.py"]\n',
  });
  const { stdout } = await runProject(dir);
  expect(stdout.trim()).toBe('0.6.2 seven');
  const wheels: { name: string; built?: { requires: readonly string[] } }[] = (await planOf(dir)).targets[0].wheels;
  expect(wheels.filter((one) => one.built !== undefined).map((one) => one.name)).toEqual(['docopt']);
  const requires = wheels.find((one) => one.name === 'docopt')?.built?.requires ?? [];
  expect(requires.some((name) => name.startsWith('setuptools-'))).toBe(true);
});

test('C extensions are compiled, and the image gets the libraries that they load', async () => {
  const dir = await writeProject(join(await temporaryDir('sdists-real'), 'app'), {
    'app.py': 'import netifaces, psycopg2\nprint(len(netifaces.interfaces()) > 0, psycopg2.__libpq_version__)\n',
    'requirements.txt': 'netifaces==0.11.0\npsycopg2==2.9.10\n',
    'tare.toml': 'python = "3.13"\ncommand = ["python", "app.py"]\nbuild-packages = ["libpq-dev"]\n',
  });
  const { stdout } = await runProject(dir);
  expect(stdout).toMatch(/^True 1\d{5}\s*$/);
  const [target] = (await planOf(dir)).targets;
  expect(target.systemPackages.map((one: { name: string }) => one.name)).toContain('libpq5');
  const built = target.wheels.map((one: { built?: { packages: readonly string[] } }) => one.built?.packages ?? []);
  for (const packages of built) expect(packages.some((name: string) => name.startsWith('gcc '))).toBe(true);
  const names = target.layers.flatMap((layer: { contents: readonly string[] }) => layer.contents);
  expect(names.filter((name: string) => /^(?:gcc|libpq-dev) /.test(name))).toEqual([]);
});

const manifest = `[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "orchard"
dynamic = ["version"]
[tool.hatch.version]
source = "code"
path = "version.py"
expression = "__import__('os').environ.get('PBR_VERSION', '0')"
[tool.hatch.build.targets.wheel]
include = ["orchard.py"]
`;

/** A repository with one tagged commit, and one after it. */
async function makeRepository(): Promise<{ readonly url: string; readonly commit: string }> {
  const dir = await writeProject(join(await temporaryDir('sdists-git'), 'orchard'), {
    'orchard.py': 'FRUIT = "apple"\n',
    'version.py': '\n',
    'pyproject.toml': manifest,
  });
  const git = (...args: readonly string[]) =>
    mustRun('git', ['-c', 'user.name=a', '-c', 'user.email=a@mail.example', ...args], { cwd: dir });
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'apple');
  await git('tag', 'v2.1');
  const commit = (await git('rev-parse', 'HEAD')).trim();
  await writeProject(dir, { 'orchard.py': 'FRUIT = "pear"\n' });
  await git('commit', '--quiet', '--all', '-m', 'pear');
  return { url: `git+file://${dir}`, commit };
}

test('a requirement that is a git repository: a tag, a branch, a commit', async () => {
  const { url, commit } = await makeRepository();
  const dir = await writeProject(join(await temporaryDir('sdists-git'), 'app'), {
    'app.py': 'import importlib.metadata, orchard\nprint(orchard.FRUIT, importlib.metadata.version("orchard"))\n',
    'tare.toml': 'python = "3.13"\ncommand = ["python", "app.py"]\n',
  });
  const outcome = async (reference: string) => {
    await writeProject(dir, { 'requirements.txt': `orchard @ ${url}@${reference}\n` });
    return (await runProject(dir)).stdout.trim();
  };
  expect(await outcome('v2.1')).toBe('apple 2.1');
  expect(await outcome('main')).toMatch(/^pear 2\.2\.dev1\+g/);
  expect(await outcome(commit)).toBe('apple 2.1');
  const [wheel] = (await planOf(dir)).targets[0].wheels;
  expect(wheel.built).toMatchObject({ from: 'git', commit, source: 'orchard' });
  // The place stays out of the plan.
  expect(JSON.stringify(wheel)).not.toContain('file:');
});

test('a commit of a uv.lock, from the cache once the repository is gone', async () => {
  const { url, commit } = await makeRepository();
  const dir = await writeProject(join(await temporaryDir('sdists-git'), 'app'), {
    'app.py': 'import orchard\nprint(orchard.FRUIT)\n',
    'pyproject.toml': `[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.13"\ndependencies = ["orchard"]\n[tool.uv]\npackage = false\n[tool.uv.sources]\norchard = { git = "${url.replace('git+', '')}", rev = "${commit}" }\n[tool.tare]\ncommand = ["python", "app.py"]\n`,
    'uv.lock': `version = 1\nrevision = 2\nrequires-python = ">=3.13"\n\n[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\ndependencies = [\n    { name = "orchard" },\n]\n\n[package.metadata]\nrequires-dist = [{ name = "orchard", git = "${url.replace('git+', '')}?rev=${commit}" }]\n\n[[package]]\nname = "orchard"\nversion = "2.1"\nsource = { git = "${url.replace('git+', '')}?rev=${commit}#${commit}" }\n`,
  });
  expect((await runProject(dir)).stdout.trim()).toBe('apple');
  const place = url.replace('git+file://', '');
  await rename(place, `${place}.gone`);
  const again = await runProject(dir);
  expect(again.stdout.trim()).toBe('apple');
  expect(again.stderr).not.toContain('building');
});

test('an extension for another processor is compiled under an emulator that is there', async (context) => {
  await requireComponent(context, 'qemu-aarch64');
  const code = [
    '#include <Python.h>',
    'static PyObject *answer(PyObject *self, PyObject *args) { return PyLong_FromLong(sizeof(void *) * 5 + 2); }',
    'static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};',
    'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "acorn", 0, -1, methods};',
    'PyMODINIT_FUNC PyInit_acorn(void) { return PyModule_Create(&module); }',
    '',
  ].join('\n');
  const source = await writeProject(join(await temporaryDir('sdists-arm'), 'acorn'), {
    'acorn.c': code,
    'setup.py':
      'from setuptools import setup, Extension\nsetup(name="acorn", version="1", ext_modules=[Extension("acorn", ["acorn.c"])])\n',
  });
  const git = (...args: readonly string[]) =>
    mustRun('git', ['-c', 'user.name=a', '-c', 'user.email=a@mail.example', ...args], { cwd: source });
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'acorn');
  const dir = await writeProject(join(await temporaryDir('sdists-arm'), 'app'), {
    'app.py': 'import acorn\nprint(acorn.answer())\n',
    'requirements.txt': `acorn @ git+file://${source}\n`,
    'tare.toml': 'python = "3.13"\ncommand = ["python", "app.py"]\n',
  });
  const { targets } = await planOf(dir, ['--platform', 'linux/arm64']);
  expect(targets[0].wheels[0]).toMatchObject({
    filename: 'acorn-1-cp313-cp313-linux_aarch64.whl',
    built: { platform: 'linux/arm64' },
  });
});
