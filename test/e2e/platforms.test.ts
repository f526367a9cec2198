import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type BuildReport, buildImage, failingBuild, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { writeProject } from '../support/example.ts';
import { blobPath, readLayout } from '../support/image.ts';
import { makeWheel } from '../support/make-wheel.ts';
import { type MirrorRelay, machineArchives, startMirrorRelay } from '../support/mirror-relay.ts';
import { makeTemporaryDir, temporaryDir } from '../support/paths.ts';
import { indexEnvironment, startSimpleIndex } from '../support/simple-index.ts';

const script = [
  'import platform, struct, sys',
  'import click, markupsafe._speedups as native',
  'print("bits", struct.calcsize("P") * 8, platform.machine(), native.__file__.rsplit("-", 2)[-2:], click.__name__)',
];

/** Mirrors of a machine may lack fixes for what it is not; the release itself is everywhere. */
async function startRelay(): Promise<MirrorRelay> {
  const archives = machineArchives();
  if (archives === undefined) throw new Error('this machine has no apt sources for Debian');
  return startMirrorRelay(archives, /-updates\/|^\/security|-security\//);
}

describe('three platforms at once, one of 32 bits', () => {
  const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];
  let dir: string;
  let layout: string;
  let report: BuildReport;
  let relay: MirrorRelay;

  beforeAll(async () => {
    dir = await makeTemporaryDir('platforms');
    layout = join(dir, 'image');
    relay = await startRelay();
    const project = await writeProject(join(dir, 'app'), {
      'main.py': `${script.join('\n')}\n`,
      'requirements.txt': 'click\nmarkupsafe\n',
      'tare.toml': 'entrypoint = "main.py"\n',
    });
    const args = ['--platform', platforms.join(','), '--python', '3.13', '-o', `oci:${layout}`];
    report = await buildImage(project, args, { env: { TARE_DEBIAN_MIRROR: relay.archive } });
  });
  afterAll(async () => {
    await relay.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('are in one index, the variant with its architecture, as skopeo sees it, too', async (context) => {
    expect(report.platforms.map((one) => one.platform)).toEqual(platforms);
    expect([...(await readLayout(layout)).keys()].sort()).toEqual([...platforms].sort());
    await requireComponent(context, 'skopeo');
    const choice = ['--override-os', 'linux', '--override-arch', 'arm', '--override-variant', 'v7'];
    const seen: unknown = JSON.parse(await mustRun('skopeo', [...choice, 'inspect', `oci:${layout}`]));
    expect(seen).toMatchObject({
      Architecture: 'arm',
      Layers: report.platforms[2]?.layers.map((one) => one.digest),
    });
  });

  test('share the layers of pure wheels and of the application, and no other', () => {
    const [amd64, arm64, arm] = report.platforms.map(
      (one) => new Map(one.layers.map(({ digest, kind, contents }) => [digest, { kind, contents }])),
    );
    const shared = [...(arm ?? [])].filter(([digest]) => amd64?.has(digest) === true && arm64?.has(digest) === true);
    const contents = shared.flatMap(([, layer]) => (layer.kind === 'wheels' ? layer.contents : []));
    expect(contents.join(' ')).toMatch(/click/);
    expect(contents.join(' ')).not.toMatch(/markupsafe/);
    expect(shared.map(([, layer]) => layer.kind)).toContain('application');
    expect(shared.map(([, layer]) => layer.kind)).not.toContain('base');
  });

  test('are sound', async () => {
    const { code, stdout } = await runTare(['verify', `oci:${layout}`]);
    expect(stdout).toMatch(/linux\/arm\/v7, Python 3\.13: looked at \d+ files/);
    expect(stdout).toContain('sound (0 errors, 0 warnings)');
    expect(code).toBe(0);
  });

  test('are locked, each by its name, and come out the same', async () => {
    const project = join(dir, 'app');
    const env = { TARE_DEBIAN_MIRROR: relay.archive };
    const args = ['--platform', platforms.join(','), '--python', '3.13'];
    expect(await runTare(['lock', project, ...args], { env })).toMatchObject({ code: 0 });
    const lock = await readFile(join(project, 'tare.lock'), 'utf8');
    for (const platform of platforms) expect(lock).toContain(`platform = "${platform}"`);
    const again = await buildImage(project, [...args, '--frozen', '-o', `oci:${join(dir, 'locked')}`], { env });
    expect(again.digest).toBe(report.digest);
  });

  test('runs with its 32 bits', async (context) => {
    await requireComponent(context, 'runc', 'qemu-arm');
    const { stdout, stderr } = await runTare(['run', layout, '--engine', 'runc', '--platform', 'linux/arm/v7']);
    expect(stdout, stderr).toMatch(/^bits 32 armv\dl \['linux', 'gnueabihf\.so'\] click$/m);
  });

  test('a loader of the image finds its libraries by the cache that was written', async (context) => {
    await requireComponent(context, 'runc', 'qemu-arm');
    const image = (await readLayout(layout)).get('linux/arm/v7');
    const base = join(dir, 'root');
    await mustRun('mkdir', ['-p', base]);
    for (const layer of image?.layers ?? [])
      await mustRun('tar', ['-xzf', blobPath(layout, layer.digest), '-C', base, '--no-same-owner']);
    // Of the image itself: ld.so looks into its cache and names what it found there.
    const list = await mustRun('chroot', [base, '/usr/lib/ld-linux-armhf.so.3', '--list', '/usr/bin/python3.13']);
    expect(list).toMatch(/libexpat\.so\.1 => \/(?:usr\/)?lib\/arm-linux-gnueabihf\/libexpat\.so\.1/);
    expect(list).not.toContain('not found');
  });
});

test('a platform that nothing can be built for lists those that there are', async () => {
  const project = await writeProject(join(await temporaryDir('mips'), 'app'), {
    'main.py': 'print(1)\n',
    'tare.toml': 'entrypoint = "main.py"\n',
  });
  const error = await failingBuild(project, ['--platform', 'linux/mips64le']);
  expect(error).toMatchObject({ code: 'PLATFORM_UNSUPPORTED', exit: 1 });
  for (const name of ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/386', 'linux/ppc64le', 'linux/s390x'])
    expect(error.expected).toContain(name);
});

test('a requirement without a wheel for one platform fails before anything is downloaded, listing what exists', async () => {
  const wheels = ['x86_64', 'armv7l'].map((machine) =>
    makeWheel({ name: 'odd', version: '1.0', tag: `cp313-cp313-manylinux_2_17_${machine}`, files: { 'odd.py': '' } }),
  );
  const fine = makeWheel({ name: 'fine', version: '1.0', files: { 'fine.py': '' } });
  const [index, relay] = [await startSimpleIndex([fine, ...wheels]), await startRelay()];
  onTestFinished(async () => {
    await index.stop();
    await relay.stop();
  });
  const cacheDir = await temporaryDir('platforms-cache');
  const project = await writeProject(join(await temporaryDir('odd'), 'app'), {
    'main.py': 'import odd\n',
    'requirements.txt': [fine, ...wheels]
      .map(({ filename, sha256 }) => `${filename.split('-')[0]}==1.0 --hash=sha256:${sha256}`)
      .slice(0, 2)
      .join('\n')
      .concat(` --hash=sha256:${wheels[1]?.sha256 ?? ''}\n`),
    'tare.toml': 'entrypoint = "main.py"\n',
  });
  const args = ['--python', '3.13', '--platform', 'linux/amd64,linux/arm64'];
  const env = { ...indexEnvironment(index.url), TARE_DEBIAN_MIRROR: relay.archive };
  const error = await failingBuild(project, args, { env, cacheDir });
  expect(error).toMatchObject({ code: 'WHEEL_NOT_FOUND', exit: 1, message: expect.stringContaining('aarch64') });
  expect(error.message).toContain('odd 1.0');
  for (const { filename } of wheels) expect(error.actual).toContain(filename.slice('odd-1.0-'.length, -'.whl'.length));
  expect(error.hint).toContain('(linux/amd64, linux/arm/v7)');
  expect(index.requests.filter((line) => line.endsWith('.whl'))).toEqual([]);
  expect(relay.delivered).toEqual([]);
});
