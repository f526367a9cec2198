import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { buildImage, failingBuild, runTare } from '../support/cli.ts';
import { writeProject } from '../support/example.ts';
import { readLayout, readRootfs } from '../support/image.ts';
import { makeWheel } from '../support/make-wheel.ts';
import { temporaryDir } from '../support/paths.ts';
import { makeSdist, type SdistDescription } from '../support/sdist-maker.ts';
import { type IndexFile, indexEnvironment, startSimpleIndex } from '../support/simple-index.ts';

const here = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';

/** One that no earlier run has built. */
function unseen(description: Partial<SdistDescription> = {}): IndexFile {
  return makeSdist({
    name: 'seedling',
    version: '1.0',
    ...description,
    code: `# ${randomUUID()}\n${description.code ?? ''}`,
  });
}

async function makeProject(files: readonly IndexFile[], more: Readonly<Record<string, string>> = {}) {
  const index = await startSimpleIndex(files);
  onTestFinished(() => index.stop());
  const lines = files.map((one) => {
    const [, name = '', version = ''] = /^(.+)-([^-]+)\.tar\.gz$/.exec(one.filename) ?? [];
    return `${name}==${version} --hash=sha256:${one.sha256}\n`;
  });
  const project = await writeProject(join(await temporaryDir('sdists'), 'app'), {
    'app.py': 'import seedling\nprint(vars(seedling).get("SEEN", "nothing seen"))\n',
    'requirements.txt': lines.join(''),
    'tare.toml': 'python = "3.13"\ncommand = ["python", "app.py"]\n',
    ...more,
  });
  return { project, index, env: indexEnvironment(index.url) };
}

/** What the built module of an image says it saw while it was built. */
async function seenBy(description: Partial<SdistDescription>, env: Readonly<Record<string, string>> = {}) {
  const made = await makeProject([unseen(description)]);
  const result = await runTare(['run', made.project], { env: { ...made.env, ...env } });
  expect(result.code, result.stderr).toBe(0);
  return result.stdout;
}

const writeSeen = `files['seedling.py'] = 'SEEN = %r\\n' % json.dumps(seen)\n`;

test('an sdist becomes a wheel of the image, is built once, and the plan says how', async () => {
  const { project, env } = await makeProject([unseen()]);
  const output = join(project, '..', 'image');
  const first = await runTare(['build', project, '-o', `oci:${output}`, '--progress', 'plain'], { env });
  expect(first.code, first.stderr).toBe(0);
  expect(first.stderr).toContain('building seedling 1.0 from seedling-1.0.tar.gz');
  expect(first.stdout + first.stderr).toContain('1 wheel built from source: seedling-1.0.tar.gz');
  for (const image of (await readLayout(output)).values()) {
    const rootfs = await readRootfs(output, image);
    expect(rootfs.get('opt/venv/lib/python3.13/site-packages/seedling.py')).toBeDefined();
  }
  const again = await runTare(['plan', project, '--json', '--progress', 'plain'], { env });
  expect(again.stderr).not.toContain('building');
  const [wheel] = JSON.parse(again.stdout).targets[0].wheels;
  expect(wheel).toMatchObject({
    filename: 'seedling-1.0-py3-none-any.whl',
    built: { from: 'sdist', source: 'seedling-1.0.tar.gz', platform: here, requires: [], packages: [] },
  });
  expect(wheel.built.because).toMatchObject({ file: 'requirements.txt', line: 1 });
  expect((await runTare(['plan', project], { env })).stdout).toContain('built from seedling-1.0.tar.gz');
});

describe('what a build can see and do', () => {
  test('nothing of the environment, no other user’s rights, no network, a root that cannot be written', async () => {
    const code = [
      'import json, socket, sys',
      'seen = {"env": dict(os.environ), "uid": os.getuid(), "interfaces": [n for _, n in socket.if_nameindex()]}',
      'def fails(action):',
      '    try:',
      '        action()',
      '        return False',
      '    except OSError:',
      '        return True',
      'seen["connect"] = fails(lambda: socket.create_connection(("127.0.0.1", 9), 2))',
      'seen["write"] = [path for path in ("/etc/x", "/usr/x", "/opt/venv/x") if not fails(lambda: open(path, "w"))]',
      'seen["host"] = [path for path in ("/root/.netrc", "/etc/pip.conf", "/work") if os.path.exists(path)]',
      writeSeen,
    ].join('\n');
    const secret = `secret-${randomUUID()}`;
    const text = await seenBy({ code }, { MY_TOKEN: secret, HTTPS_PROXY_PASSWORD: secret });
    expect(text).not.toContain(secret);
    const seen = JSON.parse(text);
    expect(seen).toMatchObject({ connect: true, write: [], host: [] });
    expect(seen.uid).not.toBe(0);
    expect(seen.interfaces.filter((name: string) => name !== 'lo')).toEqual([]);
    const names = Object.keys(seen.env).filter((name) => !/^(?:LC_CTYPE|HOSTNAME|container|TERM)$/.test(name));
    expect(names.sort()).toEqual([
      ...['HOME', 'LANG', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONHASHSEED', 'PYTHONNOUSERSITE'],
      ...['SOURCE_DATE_EPOCH', 'TMPDIR', 'TZ', 'VIRTUAL_ENV'],
    ]);
    // The newest file of the archive.
    expect(seen.env.SOURCE_DATE_EPOCH).toBe('1700000000');
  });
});

describe('builds that go wrong', () => {
  const failing = async (description: Partial<SdistDescription>, env: Readonly<Record<string, string>> = {}) => {
    const made = await makeProject([unseen(description)]);
    return failingBuild(made.project, [], { env: { ...made.env, ...env } });
  };

  test('a failure is shown with the end of what was said', async () => {
    const error = await failing({ code: 'print("it rains")\nraise SystemExit("no seeds left")' });
    expect(error).toMatchObject({ exit: 1, code: 'BUILD_FAILED', where: 'seedling 1.0' });
    expect(error.message).toMatch(/it rains[\s\S]*no seeds left/);
  });

  test('a missing header names what to do', async () => {
    const error = await failing({
      code: 'raise SystemExit("x.c:1:10: fatal error: ffi.h: No such file or directory")',
    });
    expect(error.hint).toMatch(/`ffi\.h` with `--build-package`/);
  });

  test('one that wants the network is told so', async () => {
    const code = 'import urllib.request\nurllib.request.urlopen("http://crates.example/")';
    const error = await failing({ code });
    expect(error.code).toBe('BUILD_FAILED');
    expect(error.hint).toContain('a build has no network');
  });

  test('one that never ends is ended', async () => {
    const code = [
      'import subprocess, sys, time',
      'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])',
      'print("waiting", flush=True)',
      'time.sleep(1000)',
    ].join('\n');
    const error = await failing({ code }, { TARE_BUILD_SECONDS: '6' });
    expect(error).toMatchObject({ code: 'BUILD_TIMEOUT', exit: 1 });
    expect(error.hint).toContain('build-seconds');
  });

  test('another version than was asked for', async () => {
    const error = await failing({ code: 'version = "9.9"' });
    expect(error).toMatchObject({ code: 'BUILD_RESULT_UNEXPECTED', expected: 'seedling 1.0', actual: 'seedling 9.9' });
  });

  test('a wheel for another platform', async () => {
    const error = await failing({ tag: 'cp313-cp313-win_amd64' });
    expect(error).toMatchObject({ code: 'BUILD_RESULT_UNEXPECTED' });
  });

  test('a link in place of the wheel', async () => {
    const code = [
      'import atexit',
      'target = os.path.join(folder, "seedling-1.0-py3-none-any.whl")',
      'atexit.register(lambda: (os.remove(target), os.symlink("/etc/hostname", target)))',
    ].join('\n');
    expect(await failing({ code })).toMatchObject({ code: 'BUILD_RESULT_UNEXPECTED' });
  });

  test('a source whose links lead out of it', async () => {
    const members = [{ name: 'seedling-1.0/escape', flag: '2', target: '../../../../etc/passwd' }];
    expect(await failing({ members })).toMatchObject({ code: 'SDIST_INVALID' });
  });

  test('a build requirement that has no wheel', async () => {
    const error = await failing({ requires: ['nobody-has-this'] });
    expect(error).toMatchObject({ code: 'BUILD_REQUIREMENT_MISSING' });
  });
});

describe('what is not to be built', () => {
  test.each([
    ['--build-wheels never', ['--build-wheels', 'never'], {}],
    ['names without it', ['--build-wheels', 'other'], {}],
    ['uv’s no-build', [], { UV_NO_BUILD: '1' }],
    ['pip’s only-binary', [], { PIP_ONLY_BINARY: ':all:' }],
  ])('%s', async (_title, args, more) => {
    const { project, env, index } = await makeProject([unseen()]);
    const error = await failingBuild(project, args, { env: { ...env, ...more } });
    expect(error).toMatchObject({ code: 'SDIST_ONLY', exit: 1 });
    expect(index.requests.filter((one) => one.includes('/files/'))).toEqual([]);
  });

  test('a wheel that exists wins', async () => {
    const wheel = makeWheel({ name: 'seedling', version: '1.0', files: { 'seedling.py': 'SEEN = "a wheel"\n' } });
    const { project, env } = await makeProject([unseen(), wheel], { 'requirements.txt': 'seedling\n' });
    const { stdout, code, stderr } = await runTare(['plan', project, '--json'], { env });
    expect(code, stderr).toBe(0);
    const [planned] = JSON.parse(stdout).targets[0].wheels;
    expect(planned).toMatchObject({ sha256: `sha256:${wheel.sha256}` });
    expect(planned.built).toBeUndefined();
  });
});

test('a source for any platform is built once and serves every platform', async () => {
  const { project, env } = await makeProject([unseen()]);
  const args = ['plan', project, '--json', '--progress', 'plain', '--platform', 'linux/arm64,linux/amd64'];
  const result = await runTare(args, { env });
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr.match(/building seedling/g)).toHaveLength(1);
  const [one, other] = JSON.parse(result.stdout).targets;
  expect(one.wheels[0].sha256).toBe(other.wheels[0].sha256);
  expect(other.wheels[0].built.platform).toBe(here);
});

test('the lock holds what was built, and another cache builds the same again', async () => {
  const sdist = unseen();
  const { project, env } = await makeProject([sdist], { 'requirements.txt': 'seedling\n' });
  const locked = await runTare(['lock', project], { env });
  expect(locked.code, locked.stderr).toBe(0);
  const first = await buildImage(project, ['--locked'], { env });
  const second = await buildImage(project, ['--locked'], { env, cacheDir: await temporaryDir('sdists-cache') });
  expect(second.digest).toBe(first.digest);
});
