import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { copyDownloads } from '../support/cache-copy.ts';
import { type BuildReport, buildImage, buildReportSchema, type TareOptions, tareEnvironment } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { copyProject } from '../support/example.ts';
import { installNode } from '../support/node-lines.ts';
import { installPacked } from '../support/packed-product.ts';
import { makeTemporaryDir, rootDir, temporaryDir } from '../support/paths.ts';

const source = join(rootDir, 'examples', 'fastapi-hello');
const platforms = ['--platform', 'linux/amd64,linux/arm64'];

/** What must be the same, layer by layer, so that a difference names itself. */
const identityOf = (report: BuildReport) => ({
  digest: report.digest,
  platforms: report.platforms.map((one) => ({
    platform: one.platform,
    digest: one.digest,
    layers: one.layers.map((layer) => `${layer.kind} ${layer.digest} ${layer.diffId} ${layer.contents.join(' ')}`),
  })),
});

describe('the same lock and files give the same digest', () => {
  let dir: string;
  let first: BuildReport;

  beforeAll(async () => {
    dir = await makeTemporaryDir('same');
    const project = join(dir, 'fastapi-hello');
    await copyProject(source, project);
    first = await buildImage(project, [...platforms, '--workers', '2', '-o', `oci:${join(dir, 'image')}`]);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  /** Builds a fresh copy of the project, with everything downloaded and nothing made before, unless told. */
  async function buildAgain(args: readonly string[], options: TareOptions & { readonly folder?: string } = {}) {
    const place = await temporaryDir('again');
    const project = join(place, options.folder ?? '', 'fastapi-hello');
    await copyProject(source, project);
    const cacheDir = options.cacheDir ?? (await copyDownloads(join(place, 'cache')));
    const output = ['-o', `oci:${join(place, 'image')}`];
    const report = await buildImage(project, [...platforms, ...output, ...args], { ...options, cacheDir });
    expect(report.cache.misses, 'layers were taken from the cache: this proves nothing').toBeGreaterThan(4);
    expect(await readFile(join(place, 'image', 'index.json'), 'utf8')).toContain(report.digest);
    return report;
  }

  test('with a cache that knows the layers', async () => {
    const project = join(dir, 'fastapi-hello');
    const again = await buildImage(project, [...platforms, '-o', `oci:${join(dir, 'again')}`]);
    expect(identityOf(again)).toEqual(identityOf(first));
    expect(again.cache.misses).toBe(0);
    expect(again.cache.bytesDownloaded).toBe(0);
  });

  test('with an empty cache, in a folder of another name', async () => {
    const cacheDir = await temporaryDir('empty');
    const again = await buildAgain([], { cacheDir, folder: 'in a ďifferent place' });
    expect(again.cache.bytesDownloaded).toBeGreaterThan(10_000_000);
    expect(identityOf(again)).toEqual(identityOf(first));
  });

  test('with one worker, in another time zone and locale, with another temporary folder', async () => {
    const TMPDIR = await temporaryDir('tmp');
    const env = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TMPDIR };
    expect(identityOf(await buildAgain(['--workers', '1'], { env }))).toEqual(identityOf(first));
  });

  test('from files of another age and with a narrow umask', async () => {
    const place = await temporaryDir('umask');
    const project = join(place, 'fastapi-hello');
    const cacheDir = await copyDownloads(join(place, 'cache'));
    await copyProject(source, project);
    await mustRun('chmod', ['-R', 'go-rwx', project]);
    await utimes(join(project, 'hello', 'main.py'), 1_000_000_000, 1_000_000_000);
    const command = [process.execPath, join(rootDir, 'dist/main.js'), 'build', project, '--json', ...platforms];
    const stdout = await mustRun('sh', ['-c', 'umask 077; exec "$@"', 'sh', ...command], {
      env: tareEnvironment({ cacheDir }),
    });
    const again = v.parse(buildReportSchema, JSON.parse(stdout));
    expect(again.cache.misses).toBeGreaterThan(4);
    expect(identityOf(again)).toEqual(identityOf(first));
  });

  for (const major of [22, 24]) {
    test(`with Node ${major}`, async () => {
      const node = await installNode(major);
      expect(identityOf(await buildAgain([], { node }))).toEqual(identityOf(first));
    });
  }

  test('as another user, with the package as npm would install it', async (context) => {
    await requireComponent(context, 'root');
    const place = await temporaryDir('user');
    const project = join(place, 'home', 'fastapi-hello');
    await copyProject(source, project);
    const cacheDir = await copyDownloads(join(place, 'home', 'cache'), true);
    await mkdir(join(place, 'product'));
    const cli = await installPacked(join(place, 'product'));
    const node = join(place, 'node');
    await copyFile(process.execPath, node);
    await chmod(node, 0o755);
    await mustRun('chown', ['-R', '12345:12345', join(place, 'home')]);
    await chmod(place, 0o755);
    const command = [node, cli, 'build', project, '--json', ...platforms];
    const stdout = await mustRun('setpriv', ['--reuid', '12345', '--regid', '12345', '--clear-groups', ...command], {
      cwd: project,
      env: { ...tareEnvironment({ cacheDir }), HOME: join(place, 'home'), USER: 'somebody', LOGNAME: 'somebody' },
    });
    const again = v.parse(buildReportSchema, JSON.parse(stdout));
    expect(again.cache.misses).toBeGreaterThan(4);
    expect(identityOf(again)).toEqual(identityOf(first));
  });
});

describe('an edit moves what it must', () => {
  for (const [example, file] of [
    ['fastapi-hello', 'hello/badge.py'],
    ['src-layout', 'src/greeter/api.py'],
  ] as const) {
    test(`one line of ${example}/${file} changes one small layer only`, async () => {
      const dir = await temporaryDir('edit');
      const project = join(dir, example);
      await copyProject(join(rootDir, 'examples', example), project);
      const args = [...platforms, '-o', `oci:${join(dir, 'image')}`];
      const before = await buildImage(project, args);
      const text = await readFile(join(project, file), 'utf8');
      await writeFile(join(project, file), `${text}\nEDITED = '${randomUUID()}'\n`);
      const after = await buildImage(project, args);
      expect(after.digest).not.toBe(before.digest);
      for (const [index, { layers }] of after.platforms.entries()) {
        const old = before.platforms[index]?.layers.map((layer) => layer.digest) ?? [];
        const changed = layers.filter((layer) => !old.includes(layer.digest));
        expect(changed.map((layer) => layer.kind)).toEqual(['application']);
        expect(changed[0]?.size).toBeLessThan(50_000);
        expect(layers.length).toBe(old.length);
      }
      expect(after.cache.misses).toBe(1);
      await writeFile(join(project, file), text);
      expect((await buildImage(project, args)).digest).toBe(before.digest);
    });
  }
});

test('SOURCE_DATE_EPOCH is the date of the image', async () => {
  const place = await temporaryDir('epoch');
  await copyProject(source, join(place, 'fastapi-hello'));
  const archive = join(place, 'image.tar');
  const env = { SOURCE_DATE_EPOCH: '1600000000' };
  await buildImage(join(place, 'fastapi-hello'), ['-o', `docker-archive:${archive}`], { env });
  const manifest: unknown = JSON.parse(await mustRun('tar', ['-xOf', archive, 'manifest.json']));
  const [{ Config }] = v.parse(v.tuple([v.object({ Config: v.string() })]), manifest);
  const config: unknown = JSON.parse(await mustRun('tar', ['-xOf', archive, Config]));
  expect(config).toMatchObject({ created: expect.stringMatching(/^2020-09-13T12:26:40/) });
});
