import { randomUUID } from 'node:crypto';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as v from 'valibot';
import { type BuildReport, buildImage, failingBuild, runTare } from '../support/cli.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { copyExample, readExamples, writeProject } from '../support/example.ts';
import { readLayout, readRootfs, type RootfsEntry } from '../support/image.ts';
import { makeWheel, pinned, type WheelDescription } from '../support/make-wheel.ts';
import { makeTemporaryDir, rootDir, temporaryDir } from '../support/paths.ts';
import { indexEnvironment, startSimpleIndex } from '../support/simple-index.ts';

const reportSchema = v.object({
  checked: v.number(),
  without: v.array(v.string()),
  wrong: v.array(v.string()),
  sourceless: v.number(),
});

/** What the image's own interpreter says of the bytecode below folders of the image. */
async function inspectBytecode(layout: string, folders: readonly string[]) {
  const script = await readFile(join(rootDir, 'test/support/check-bytecode.py'), 'utf8');
  const args = ['run', layout, '--engine', 'runc', '--', 'python', '-c', script, ...folders];
  const { stdout, stderr, code } = await runTare(args);
  const line = /^REPORT (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`no report (${code})\n${stdout}\n${stderr}`);
  return v.parse(reportSchema, JSON.parse(line));
}

async function filesOf(layout: string): Promise<ReadonlyMap<string, RootfsEntry>> {
  const [image] = (await readLayout(layout)).values();
  if (image === undefined) throw new Error('no image');
  return readRootfs(layout, image);
}

const bytecodeIn = (files: ReadonlyMap<string, RootfsEntry>, folder: string): readonly string[] =>
  [...files.keys()].filter((path) => path.startsWith(folder) && path.endsWith('.pyc'));

const site = 'opt/venv/lib/python3.13/site-packages';
const [hello] = (await readExamples()).filter((one) => one.name === 'fastapi-hello');
if (hello === undefined) throw new Error('no example fastapi-hello');
const example = hello;

describe('the example with all of its bytecode', () => {
  let dir: string;
  let layout: string;
  let report: BuildReport;
  let files: ReadonlyMap<string, RootfsEntry>;

  beforeAll(async () => {
    dir = await makeTemporaryDir('bytecode');
    await copyExample(example, join(dir, 'app'));
    layout = join(dir, 'image');
    report = await buildImage(join(dir, 'app'), ['-o', `oci:${layout}`]);
    files = await filesOf(layout);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test('every module of wheels and application has the bytecode that the image’s own interpreter makes', async () => {
    const found = await inspectBytecode(layout, ['/opt/venv/lib', '/app']);
    expect(found.wrong).toEqual([]);
    expect(found.without).toEqual([]);
    expect(found.checked).toBeGreaterThan(500);
  });

  test('so have the modules of the standard library that applications import', async () => {
    const found = await inspectBytecode(layout, ['/usr/lib/python3.13']);
    expect(found.wrong).toEqual([]);
    const others =
      /^\/usr\/lib\/python3\.13\/(?:test|idlelib|turtledemo|lib2to3|ensurepip|pydoc_data|config-|__phello__)/;
    expect(found.without.filter((path) => !others.test(path) && !path.includes('/test/'))).toEqual([]);
    expect(found.checked).toBeGreaterThan(300);
  });

  test('a running image compiles nothing', async () => {
    const args = [
      'run',
      layout,
      '--engine',
      'runc',
      '--',
      'python',
      '-v',
      '-c',
      'import fastapi, hello.main, sqlite3, email',
    ];
    const { stderr } = await runTare(args);
    const compiled = [...stderr.matchAll(/^# code object from (\/\S+\.py)$/gm)].map(([, path]) => path);
    expect(compiled.filter((path) => path !== '/usr/lib/python3.13/sitecustomize.py')).toEqual([]);
    expect(stderr).toMatch(/matches \S*\/fastapi\/__init__\.py/);
  });

  test('the image says so, and interpreters write nothing beside it', async () => {
    const [image] = (await readLayout(layout)).values();
    expect(image?.config.config.Env).toContain('PYTHONDONTWRITEBYTECODE=1');
    expect(image?.config.config.Labels['tare.bytecode.magic']).toBe('3571');
  });

  test('RECORD lists it as pip does', async () => {
    const out = join(await temporaryDir('record'), 'root');
    await buildImage(join(dir, 'app'), ['-o', `rootfs:${out}`]);
    const names = [...files.keys()].filter((path) => /fastapi-[^/]*\.dist-info\/RECORD$/.test(path));
    const record = await readFile(join(out, names[0] ?? ''), 'utf8');
    expect(record).toMatch(/^fastapi\/__pycache__\/applications\.cpython-313\.pyc,,\r?$/m);
  });

  test('bytecode of the library is a layer of its own: the base is the same without', async () => {
    const bare = await buildImage(join(dir, 'app'), ['--bytecode', 'none', '-o', `oci:${join(dir, 'bare')}`]);
    const digestsOf = (one: BuildReport, kind: string) =>
      one.platforms[0]?.layers.filter((layer) => layer.kind === kind).map((layer) => layer.digest);
    expect(digestsOf(bare, 'base')).toEqual(digestsOf(report, 'base'));
    expect(digestsOf(bare, 'bytecode')).toEqual([]);
    expect(bytecodeIn(await filesOf(join(dir, 'bare')), '')).toEqual([]);
    const [image] = (await readLayout(join(dir, 'bare'))).values();
    expect(image?.config.config.Env.filter((one) => one.startsWith('PYTHONDONTWRITEBYTECODE'))).toEqual([]);
  });

  test('`app` compiles the application alone', async () => {
    const out = join(dir, 'app-only');
    await buildImage(join(dir, 'app'), ['--bytecode', 'app', '-o', `oci:${out}`]);
    const found = await filesOf(out);
    expect(bytecodeIn(found, site)).toEqual([]);
    expect(bytecodeIn(found, 'usr/')).toEqual([]);
    expect(bytecodeIn(found, 'app/')).toContain('app/hello/__pycache__/main.cpython-313.pyc');
  });

  test('after an edit only the file that changed is another, and the layer of wheels stays', async () => {
    const again = join(dir, 'edited');
    const main = join(dir, 'app', 'hello', 'settings.py');
    const text = await readFile(main, 'utf8');
    await writeFile(main, `${text}\nEDITED = '${randomUUID()}'\n`);
    onTestFinished(() => writeFile(main, text));
    const edited = await buildImage(join(dir, 'app'), ['-o', `oci:${again}`]);
    expect(edited.cache.misses).toBe(1);
    const now = await filesOf(again);
    const changed = [...now].filter(([path, { sha256 }]) => sha256 !== files.get(path)?.sha256).map(([path]) => path);
    expect(changed).toEqual(['app/hello/__pycache__/settings.cpython-313.pyc', 'app/hello/settings.py']);
  });

  test('stripped, it has no source of its own, answers, and a traceback still names the line', async () => {
    const out = join(dir, 'stripped');
    await buildImage(join(dir, 'app'), ['--sources', 'strip', '-o', `oci:${out}`]);
    const found = await filesOf(out);
    expect([...found.keys()].filter((path) => path.startsWith('app/') && path.endsWith('.py'))).toEqual([]);
    expect(found.has('app/hello/main.pyc')).toBe(true);
    expect(bytecodeIn(found, site).length).toBeGreaterThan(500);
    const { url, process } = await runContainer(out, example.expectation, ['--engine', 'runc']);
    try {
      await expectAnswers(url, example.expectation.container.requests, example.source);
    } finally {
      await process.stop();
    }
    const code =
      'import hello.main as m; f = m.app.__class__; import types; print([c.co_filename for c in vars(m).values() if isinstance(c, types.FunctionType) for c in [c.__code__]][:1])';
    const { stdout } = await runTare(['run', out, '--engine', 'runc', '--', 'python', '-c', code]);
    expect(stdout).toContain('.py');
    expect((await runTare(['verify', `oci:${out}`])).code).toBe(0);
  });
});

describe('modules that cannot be compiled', () => {
  const files = {
    'odd/__init__.py': 'VALUE = 1\n',
    'odd/old.py': 'print "two"\n',
    'odd/null.py': 'x = 1\0\n',
    'odd/latin.py': Buffer.from([0x78, 0xff]),
  };
  const odd: WheelDescription = { name: 'odd', version: '1.0', files };

  async function project(requirements: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
    return writeProject(join(await temporaryDir('odd'), 'app'), {
      'app.py': 'import odd\nprint("value", odd.VALUE)\n',
      '.python-version': '3.13\n',
      'requirements.txt': requirements,
      'tare.toml': 'entrypoint = "app.py"\n',
      ...more,
    });
  }

  async function index(wheels: readonly ReturnType<typeof makeWheel>[]) {
    const started = await startSimpleIndex(wheels);
    onTestFinished(() => started.stop());
    return { env: indexEnvironment(started.url) };
  }

  test('stay sources in their wheel, which is said once', async () => {
    const wheel = makeWheel({ ...odd, files: { ...files, 'odd/nonce.py': `N = '${randomUUID()}'\n` } });
    const options = await index([wheel]);
    const dir = await project(pinned(wheel));
    const first = await runTare(['build', dir], options);
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/odd-1\.0-py3-none-any\.whl: .*`odd\/latin\.py` .* stay sources/);
    expect(first.stderr).toMatch(/`odd\/old\.py` \(line 1: /);
    expect((await runTare(['build', dir], options)).stderr).not.toContain('stay sources');
    const found = await filesOf(join(dir, '.tare', 'image'));
    expect(bytecodeIn(found, `${site}/odd/`).map((path) => path.split('/').at(-1))).toEqual([
      '__init__.cpython-313.pyc',
      'nonce.cpython-313.pyc',
    ]);
    expect(found.has(`${site}/odd/old.py`)).toBe(true);
  });

  test('stay sources in the application, stripped or not', async () => {
    const wheel = makeWheel(odd);
    const options = await index([wheel]);
    const dir = await project(pinned(wheel), {
      'shop/__init__.py': '',
      'shop/broken.py': `def (: # ${randomUUID()}\n`,
    });
    const built = await runTare(['build', dir, '--sources', 'strip'], options);
    expect(built.code).toBe(0);
    expect(built.stderr).toContain('`/app/shop/broken.py` cannot be compiled and stays a source (line 1: ');
    const found = await filesOf(join(dir, '.tare', 'image'));
    expect([...found.keys()].filter((path) => path.startsWith('app/') && /\.pyc?$/.test(path))).toEqual([
      'app/__pycache__/app.cpython-313.pyc',
      'app/app.py',
      'app/shop/__init__.pyc',
      'app/shop/broken.py',
    ]);
    const ran = await runTare(['run', join(dir, '.tare', 'image'), '--engine', 'runc']);
    expect(ran.stdout).toContain('value 1');
  });

  test('bytecode that a wheel brings is replaced where it has a source', async () => {
    const stale = Buffer.concat([Buffer.from('f30d0d0a00000000', 'hex'), Buffer.alloc(64, 1)]);
    const wheel = makeWheel({
      ...odd,
      files: {
        'odd/__init__.py': 'VALUE = 7\n',
        'odd/__pycache__/__init__.cpython-313.pyc': stale,
        'odd/__pycache__/__init__.cpython-38.pyc': stale,
      },
    });
    const options = await index([wheel]);
    const dir = await project(pinned(wheel));
    await buildImage(dir, [], options);
    const found = await filesOf(join(dir, '.tare', 'image'));
    expect(bytecodeIn(found, `${site}/odd/`)).toEqual([`${site}/odd/__pycache__/__init__.cpython-313.pyc`]);
    const ran = await runTare(['run', join(dir, '.tare', 'image'), '--engine', 'runc']);
    expect(ran.stdout).toContain('value 7');
  });

  test('bytecode that lies in the project beside a newer source does not win', async () => {
    const wheel = makeWheel(odd);
    const options = await index([wheel]);
    const dir = await project(pinned(wheel), {
      'app.py': 'import shop.both\nprint("value", shop.both.V)\n',
      'shop/__init__.py': '',
      'shop/both.py': 'V = "new"\n',
      'shop/both.pyc': 'old',
      'tare.toml': 'entrypoint = "app.py"\ninclude = ["*.pyc"]\n',
    });
    await buildImage(dir, ['--sources', 'strip'], options);
    const ran = await runTare(['run', join(dir, '.tare', 'image'), '--engine', 'runc']);
    expect(ran.stdout).toContain('value new');
  });

  test('a module that a link leads to stays, and so does the link', async () => {
    const wheel = makeWheel(odd);
    const options = await index([wheel]);
    const dir = await project(pinned(wheel), {
      'app.py': 'import alias\nprint("value", alias.V)\n',
      'shared/real.py': 'V = "linked"\n',
    });
    await symlink('shared/real.py', join(dir, 'alias.py'));
    await buildImage(dir, ['--sources', 'strip'], options);
    const ran = await runTare(['run', join(dir, '.tare', 'image'), '--engine', 'runc']);
    expect(ran.stdout).toContain('value linked');
  });

  test('of a module with two owners the winner’s runs, also where it cannot be compiled', async () => {
    const first = makeWheel({
      ...odd,
      files: { 'odd/__init__.py': 'VALUE = "winner"\n', 'odd/both.py': 'print "winner"\n' },
    });
    const second = makeWheel({
      name: 'zodd',
      version: '1.0',
      files: { 'odd/__init__.py': 'VALUE = "loser"\n', 'odd/both.py': 'WHO = "loser"\n' },
    });
    const options = await index([first, second]);
    const dir = await project(`${pinned(first)}${pinned(second)}`);
    const built = await runTare(['build', dir], options);
    expect(built.code).toBe(0);
    expect(built.stderr.match(/the file of `odd` stays/g)).toHaveLength(2);
    const layout = join(dir, '.tare', 'image');
    expect((await runTare(['run', layout, '--engine', 'runc'])).stdout).toContain('value winner');
    const both = await runTare(['run', layout, '--engine', 'runc', '--', 'python', '-c', 'import odd.both']);
    expect(both.stderr).toContain('SyntaxError');
    expect(bytecodeIn(await filesOf(layout), `${site}/odd/`)).toEqual([
      `${site}/odd/__pycache__/__init__.cpython-313.pyc`,
    ]);
  });
});

test('sources cannot be stripped where nothing is compiled', async () => {
  const dir = join(await temporaryDir('strip'), 'app');
  await copyExample(example, dir);
  const error = await failingBuild(dir, ['--sources', 'strip', '--bytecode', 'none']);
  expect(error).toMatchObject({ code: 'SOURCES_NEED_BYTECODE', exit: 1 });
  expect(error.hint).toContain('`bytecode`');
});
