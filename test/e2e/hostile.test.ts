import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { copyDownloads } from '../support/cache-copy.ts';
import { buildImage, failingBuild, runTare, startTare, tareEnvironment } from '../support/cli.ts';
import { runCommand } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { writeProject } from '../support/example.ts';
import { readLayout, readRootfs } from '../support/image.ts';
import { makeWheel, pinned, type WheelDescription, type WheelFile } from '../support/make-wheel.ts';
import { machineArchives, startMirrorRelay } from '../support/mirror-relay.ts';
import { cliPath, temporaryDir } from '../support/paths.ts';
import { indexEnvironment, type SimpleIndex, startSimpleIndex } from '../support/simple-index.ts';

/** Python code that does not compress to nothing. */
const code = Array.from({ length: 400 }, (_, index) => `VALUE_${index} = ${(index * 7919) % 10_007}\n`).join('');

const sound: WheelDescription = {
  name: 'parcel',
  version: '1.0',
  files: { 'parcel/__init__.py': code, 'parcel/data.bin': Buffer.alloc(70_000, code) },
};

/** Files that no earlier run has put into the shared cache. */
function unseen(): NonNullable<WheelDescription['files']> {
  return { ...sound.files, 'parcel/nonce.py': Buffer.from(`NONCE = '${randomUUID()}'\n`) };
}

/** A small application that needs nothing but the wheels given. */
async function makeProject(requirements: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  return writeProject(join(await temporaryDir('hostile'), 'app'), {
    'app.py': 'import parcel\nprint(parcel.VALUE_1)\n',
    '.python-version': '3.13\n',
    'requirements.txt': requirements,
    'tare.toml': 'entrypoint = "app.py"\n',
    ...more,
  });
}

async function startIndex(wheels: readonly WheelFile[]): Promise<SimpleIndex> {
  const index = await startSimpleIndex(wheels);
  onTestFinished(() => index.stop());
  return index;
}

test('a sound wheel from the same index is built', async () => {
  const wheel = makeWheel({ ...sound, scripts: { unpack: '#!python\nprint(1)\n' } });
  const index = await startIndex([wheel]);
  const project = await makeProject(pinned(wheel));
  const output = join(project, '..', 'image');
  await buildImage(project, ['-o', `oci:${output}`], { env: indexEnvironment(index.url) });
  for (const image of (await readLayout(output)).values()) {
    const rootfs = await readRootfs(output, image);
    expect(rootfs.get('opt/venv/lib/python3.13/site-packages/parcel/data.bin')?.size).toBe(70_000);
    expect(rootfs.get('opt/venv/bin/unpack')).toMatchObject({ mode: 0o755, shebang: '/opt/venv/bin/python' });
  }
});

test('the password of an index is in no layer and in no word of the build, whichever file of the application names it', async () => {
  const wheel = makeWheel({ ...sound, version: '1.1', files: unseen() });
  const index = await startIndex([wheel]);
  const password = `word-${randomUUID()}`;
  const address = `https://jo:${password}@index.example/simple`;
  const project = await makeProject(pinned(wheel), {
    'pyproject.toml': `[[tool.uv.index]]\nname = "own"\nurl = "${address}"\nexplicit = true\n`,
    'worker/uv.toml': `index-url = "${address}"\n`,
    'worker/uv.lock': `source = { registry = "${address}" }\n`,
    'poetry.toml': `[repositories.own]\nurl = "${address}"\n[http-basic.own]\npassword = "${password}"\n`,
    'conf/pip.conf': `[global]\nindex-url = ${address}\n`,
    Pipfile: `[[source]]\nurl = "${address}"\n`,
    'tare.toml': 'entrypoint = "app.py"\ninclude = ["*.lock", "Pip*"]\n',
  });
  const output = join(project, '..', 'image');
  const built = await buildImage(project, ['-o', `oci:${output}`], { env: indexEnvironment(index.url) });
  expect(JSON.stringify(built)).not.toContain(password);
  const folder = join(output, 'blobs/sha256');
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name));
    const blob = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    expect(blob.includes(password), name).toBe(false);
  }
});

test.each(['/proc/nope', '/dev/null/nope'])(
  'a cache at %s, where nothing can be made, is one error',
  async (cacheDir) => {
    const ended = await runTare(['plan', await makeProject('')], { cacheDir });
    expect(ended.code, ended.stderr).toBe(1);
    expect(ended.stderr).toMatch(/^error\[WRITE_DENIED\]: [^\n]*nope[^]*\nhint: [^\n]*TARE_CACHE_DIR\n$/);
  },
);

describe('a wheel that is not what it says is refused', () => {
  const escape = { path: '../../../../etc/cron.d/evil', bytes: Buffer.from('* * * * * root id\n') };
  const hostile: readonly (readonly [string, WheelDescription, RegExp])[] = [
    ['cut short', { ...sound, faults: { cut: 30 } }, /^ZIP_/],
    ['encrypted', { ...sound, faults: { members: { 'parcel/__init__.py': { encrypted: true } } } }, /^ZIP_ENCRYPTED$/],
    ['a path that leaves the folder', { ...sound, faults: { extraMembers: [escape] } }, /^ZIP_NAME_UNSAFE$/],
    [
      'an absolute path',
      { ...sound, faults: { extraMembers: [{ ...escape, path: '/etc/evil' }] } },
      /^ZIP_NAME_UNSAFE$/,
    ],
    [
      'a member twice',
      { ...sound, faults: { extraMembers: [{ path: 'parcel/__init__.py', bytes: Buffer.from('evil = 1\n') }] } },
      /^ZIP_DUPLICATE_NAME$/,
    ],
    [
      'bytes behind the end of a deflate stream',
      { ...sound, faults: { members: { 'parcel/data.bin': { behindStream: Buffer.from('hidden') } } } },
      /^ZIP_.*TRAILING/,
    ],
    ['a wrong CRC-32', { ...sound, faults: { members: { 'parcel/data.bin': { crc32: 1 } } } }, /^ZIP_CRC_MISMATCH$/],
    [
      'a size that is too small',
      { ...sound, faults: { members: { 'parcel/data.bin': { size: 10 } } } },
      /^RECORD_INVALID$/,
    ],
    ['a size no stream can have', { ...sound, faults: { members: { 'parcel/data.bin': { size: 4e9 } } } }, /^ZIP_/],
    [
      'a symbolic link',
      { ...sound, faults: { members: { 'parcel/data.bin': { fileType: 0o120000 } } } },
      /^ZIP_SYMLINK$/,
    ],
    [
      'a hash in RECORD that is not the file’s',
      { ...sound, faults: { wrongRecordHash: 'parcel/data.bin' } },
      /^RECORD_/,
    ],
    ['a RECORD that is no table', { ...sound, faults: { record: 'parcel/__init__.py,sha256=,"\n' } }, /^RECORD_/],
  ];

  for (const [name, description, expected] of hostile) {
    test(name, async () => {
      const wheel = makeWheel(description);
      const index = await startIndex([wheel]);
      const project = await makeProject(pinned(wheel));
      const error = await failingBuild(project, [], { env: indexEnvironment(index.url) });
      expect(error.code).toMatch(expected);
      expect(error.exit).toBe(1);
      expect(`${error.message} ${error.where}`).toContain('parcel');
      expect(error.hint).toBeTruthy();
      expect(existsSync(join(project, '.tare', 'image'))).toBe(false);
    });
  }
});

test('a file that RECORD does not list is installed, as with pip, and said', async () => {
  const wheel = makeWheel({ ...sound, version: '1.9', faults: { notInRecord: 'parcel/data.bin' } });
  const index = await startIndex([wheel]);
  const ended = await runTare(['build', await makeProject(pinned(wheel))], { env: indexEnvironment(index.url) });
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toMatch(/^warning: parcel-1\.9.*parcel\/data\.bin/m);
});

describe('the index and the lock', () => {
  test('other bytes than the lock says', async () => {
    const wheel = makeWheel({ ...sound, version: '2.0' });
    const other = makeWheel({ ...sound, version: '2.0', files: { ...sound.files, 'parcel/evil.py': 'x = 1\n' } });
    const index = await startIndex([wheel]);
    index.setFault(wheel.filename, { kind: 'other-bytes', bytes: other.bytes });
    const error = await failingBuild(await makeProject(pinned(wheel)), [], { env: indexEnvironment(index.url) });
    expect(error).toMatchObject({ exit: 1, code: expect.stringMatching(/^DOWNLOAD_(HASH|SIZE)_MISMATCH$/) });
    expect(`${error.message} ${error.where}`).toContain(wheel.filename);
    expect(error.hint).toBeTruthy();
  });

  test('a hash that the index does not have', async () => {
    const wheel = makeWheel({ ...sound, version: '2.1' });
    const other = makeWheel({ ...sound, version: '2.1', files: { ...sound.files, 'parcel/evil.py': 'x = 1\n' } });
    const index = await startIndex([other]);
    const error = await failingBuild(await makeProject(pinned(wheel)), [], { env: indexEnvironment(index.url) });
    expect(error).toMatchObject({ exit: 1, code: 'HASH_NOT_ON_INDEX' });
    expect(error.message).toContain('parcel');
  });

  test('no wheel for this Python and platform: which there are, and what would help', async () => {
    const tags = ['cp312-cp312-manylinux_2_17_x86_64', 'cp313-cp313-win_amd64', 'cp313-cp313-macosx_11_0_arm64'];
    const wheels = tags.map((tag) => makeWheel({ ...sound, version: '3.0', tag }));
    const index = await startIndex(wheels);
    const requirement = `parcel==3.0 ${wheels.map((wheel) => `--hash=sha256:${wheel.sha256}`).join(' ')}\n`;
    const args = ['--platform', 'linux/amd64'];
    const error = await failingBuild(await makeProject(requirement), args, { env: indexEnvironment(index.url) });
    expect(error).toMatchObject({ exit: 1, code: 'WHEEL_NOT_FOUND' });
    expect(`${error.message} ${error.actual}`).toContain('cp312-cp312-manylinux_2_17_x86_64');
    expect(error.hint).toContain('3.12');
  });

  test('a source distribution alone, where nothing may be built', async () => {
    const sdist = makeWheel({ ...sound, version: '4.0' });
    const index = await startIndex([{ ...sdist, filename: 'parcel-4.0.tar.gz' }]);
    const requirement = `parcel==4.0 --hash=sha256:${sdist.sha256}\n`;
    const never = ['--build-wheels', 'never'];
    const error = await failingBuild(await makeProject(requirement), never, { env: indexEnvironment(index.url) });
    expect(error).toMatchObject({ exit: 1, code: 'SDIST_ONLY' });
    expect(error.hint).toContain('build-wheels');
  });

  test('a wheel whose download breaks off each time is worth another try', async () => {
    const wheel = makeWheel({ ...sound, version: '5.0', files: unseen() });
    const index = await startIndex([wheel]);
    const project = await makeProject(pinned(wheel));
    index.setFault(wheel.filename, { kind: 'status', status: 503 });
    const env = indexEnvironment(index.url);
    expect((await failingBuild(project, [], { env, timeout: 300_000 })).exit).toBe(75);
    index.setFault(wheel.filename, undefined);
    await buildImage(project, [], { env });
  });

  test('a download that is dropped goes on where it was', async () => {
    const wheel = makeWheel({ ...sound, version: '5.1', files: unseen() });
    const index = await startIndex([wheel]);
    index.setFault(wheel.filename, { kind: 'drop', after: Math.ceil(wheel.bytes.length / 3) });
    await buildImage(await makeProject(pinned(wheel)), [], { env: indexEnvironment(index.url) });
    expect(index.requests.filter((one) => one.endsWith(wheel.filename)).length).toBeGreaterThan(1);
  });
});

describe('the project', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, RegExp, RegExp])[] = [
    ['nothing that is Python', { 'notes.txt': 'milk\n' }, /^PROJECT_NOT_FOUND$/, /requirements\.txt|pyproject\.toml/],
    [
      'malformed TOML, by line and column',
      { 'app.py': 'x = 1\n', 'pyproject.toml': '[project]\nname = "app"\nversion = \n' },
      /^TOML_INVALID$/,
      /pyproject\.toml:3:\d+/,
    ],
    [
      'an unknown key, with the nearest known one',
      { 'app.py': 'x = 1\n', 'requirements.txt': '', 'tare.toml': 'entrypiont = "app.py"\n' },
      /^CONFIG_/,
      /entrypoint/,
    ],
    [
      'several entry points, which are listed',
      {
        'requirements.txt': '',
        'one.py': 'from fastapi import FastAPI\napp = FastAPI()\n',
        'two.py': 'from fastapi import FastAPI\napp = FastAPI()\n',
      },
      /^ENTRY_?POINT/,
      /one:app[\s\S]*two:app/,
    ],
    [
      'no entry point',
      { 'requirements.txt': '', 'library.py': 'def f():\n    return 1\n' },
      /^ENTRY_?POINT/,
      /--entrypoint/,
    ],
  ];

  for (const [name, files, expectedCode, expectedText] of cases) {
    test(name, async () => {
      const project = await writeProject(join(await temporaryDir('project'), 'app'), files);
      const error = await failingBuild(project);
      expect(error.exit).toBe(1);
      expect(error.code).toMatch(expectedCode);
      expect(error.stderr).toMatch(expectedText);
      expect(error.stderr).toMatch(/^hint: /m);
      expect(error.stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
    });
  }

  test('a folder that is not there', async () => {
    const error = await failingBuild(join(await temporaryDir('none'), 'nowhere'));
    expect(error.exit).toBe(1);
    expect(error.message).toContain('nowhere');
  });

  test('wrong usage ends with 2 and says what is known', async () => {
    const unknown = await runTare(['build', '--plattform', 'linux/amd64']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('--platform');
    expect(unknown.stdout).toBe('');
  });
});

describe('the machine', () => {
  let wheel: WheelFile;
  let index: SimpleIndex;
  let env: Record<string, string | undefined>;
  beforeAll(async () => {
    wheel = makeWheel({ ...sound, version: '6.0' });
    index = await startSimpleIndex([wheel]);
    env = indexEnvironment(index.url);
  });
  afterAll(() => index.stop());

  test('an output that cannot be written', async () => {
    const project = await makeProject(pinned(wheel), { 'not-a-folder': 'text' });
    const error = await failingBuild(project, ['-o', `oci:${join(project, 'not-a-folder', 'image')}`], { env });
    expect(error.exit).toBe(1);
    expect(`${error.message} ${error.where}`).toContain('not-a-folder');
  });

  for (const [name, mount, expected] of [
    ['a read-only disk', 'ro,size=1m', 'WRITE_DENIED'],
    ['a full disk', 'size=2m', 'DISK_FULL'],
  ] as const) {
    test(name, async (context) => {
      await requireComponent(context, 'root', 'namespaces');
      const project = await makeProject(pinned(wheel));
      const place = await temporaryDir('mount');
      const script = `mount -t tmpfs -o ${mount} none "${place}" && exec "$@"; ls -A "${place}"`;
      const build = [process.execPath, cliPath, 'build', project, '--json', '-o', `oci:${join(place, 'image')}`];
      const shell = ['--mount', 'sh', '-c', script, 'sh', ...build];
      const ended = await runCommand('unshare', shell, { env: tareEnvironment({ env }) });
      expect(ended.code, ended.stderr).toBe(1);
      expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: expected } });
    });
  }

  test('Ctrl-C in the middle leaves nothing half, and the next run succeeds', async () => {
    const slow = makeWheel({ ...sound, version: '6.1', files: unseen() });
    const own = await startIndex([slow]);
    own.setFault(slow.filename, { kind: 'stall', after: 1000 });
    const project = await makeProject(pinned(slow));
    const cacheDir = await copyDownloads(await temporaryDir('interrupted'));
    const options = { env: indexEnvironment(own.url), cacheDir };
    const running = startTare(['build', project, '--progress', 'plain'], options);
    while (!own.requests.some((one) => one.endsWith(slow.filename))) {
      expect(running.child.exitCode, running.output().stderr).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.child.kill('SIGINT');
    const ended = await running.finished;
    expect(ended.code ?? ended.signal).toBe(130);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    const left = existsSync(join(project, '.tare')) ? await readdir(join(project, '.tare')) : [];
    expect(left.filter((name) => name === 'image' || name.endsWith('.tmp'))).toEqual([]);

    own.setFault(slow.filename, undefined);
    const after = await buildImage(project, [], options);
    const elsewhere = await buildImage(project, [], { env: options.env });
    expect(elsewhere.digest).toBe(after.digest);
  });

  test('a reader that stops reading', async () => {
    const project = await makeProject(pinned(wheel));
    const command = '"$0" "$@" | head -c 1; exit "${PIPESTATUS[0]}"';
    const args = ['-c', command, process.execPath, cliPath, 'plan', project, '--json'];
    const ended = await runCommand('bash', args, { env: tareEnvironment({ env }) });
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 0, stdout: '{' });
    expect(ended.stderr).not.toMatch(/EPIPE|^\s+at /m);
  });

  test('two builds at once on one cache', async () => {
    const wheels = [1, 2, 3, 4].map((number) =>
      makeWheel({ ...sound, name: `parcel-${number}`, version: '7.0', files: unseen() }),
    );
    const own = await startIndex(wheels);
    const cacheDir = await copyDownloads(await temporaryDir('shared'));
    const requirements = wheels.map(pinned).join('');
    const projects = [await makeProject(requirements), await makeProject(requirements)];
    const reports = await Promise.all(
      projects.map((project) => buildImage(project, [], { env: indexEnvironment(own.url), cacheDir })),
    );
    expect(reports[0]?.digest).toBe(reports[1]?.digest);
    for (const project of projects) expect((await readLayout(join(project, '.tare', 'image'))).size).toBe(1);
  });

  test('two builds at once of one project', async () => {
    const project = await makeProject(pinned(wheel));
    const reports = await Promise.all([buildImage(project, [], { env }), buildImage(project, [], { env })]);
    expect(reports[0]?.digest).toBe(reports[1]?.digest);
    expect((await readLayout(join(project, '.tare', 'image'))).size).toBe(1);
  });

  test('a Debian mirror that goes down in the middle', async () => {
    const archives = machineArchives();
    if (archives === undefined) throw new Error('this machine has no apt sources for Debian');
    const relay = await startMirrorRelay(archives);
    onTestFinished(() => relay.stop());
    const project = await makeProject(pinned(wheel), {
      'tare.toml': `entrypoint = "app.py"\n[debian]\nmirror = "${relay.archive}"\nsecurity-mirror = "${relay.securityArchive}"\n`,
    });
    const cacheDir = await temporaryDir('mirror');
    relay.breakAfter(6_000_000);
    const error = await failingBuild(project, [], { env, cacheDir, timeout: 400_000 });
    expect(error.exit).toBe(75);
    expect(`${error.message} ${error.where}`).toContain('127.0.0.1');
    const before = new Set(relay.delivered);
    relay.breakAfter(undefined);
    const report = await buildImage(project, [], { env, cacheDir });
    expect(relay.delivered.filter((path) => before.has(path)).length).toBe(before.size);
    expect((await buildImage(await makeProject(pinned(wheel)), [], { env })).platforms[0]?.layers[0]?.digest).toBe(
      report.platforms[0]?.layers[0]?.digest,
    );
  });
});
