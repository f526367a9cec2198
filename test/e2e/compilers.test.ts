import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { compileWheel } from '../../src/build/bytecode-job.ts';
import type { Bundle } from '../../src/bytecode/compile-bundle.ts';
import { readBytecodeFormat } from '../../src/bytecode/compile-process.ts';
import type { Compiler } from '../../src/bytecode/compiler.ts';
import { findRootInterpreter } from '../../src/engine/root-interpreter.ts';
import { copyDownloads } from '../support/cache-copy.ts';
import { buildImage, runTare, tareEnvironment } from '../support/cli.ts';
import { runCommand } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { copyExample, readExamples } from '../support/example.ts';
import { readLayout, readRootfs } from '../support/image.ts';
import { cliPath, makeTemporaryDir, sharedCacheDir } from '../support/paths.ts';

const [example] = (await readExamples()).filter((one) => one.name === 'fastapi-hello');
if (example === undefined) throw new Error('no example fastapi-hello');

const wheelsSchema = v.object({
  targets: v.array(
    v.object({ wheels: v.array(v.object({ name: v.string(), filename: v.string(), sha256: v.string() })) }),
  ),
});

let dir: string;
let app: string;
beforeAll(async () => {
  dir = await makeTemporaryDir('compilers');
  app = join(dir, 'app');
  await copyExample(example, app);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('for arm64', () => {
  test('the twin of this machine makes the bytes that arm64’s own interpreter makes', async (context) => {
    if (process.arch === 'arm64') context.skip('arm64 is no foreign architecture here');
    // The kernel starts it for programs of arm64.
    await requireComponent(context, 'qemu-aarch64');
    const roots = { amd64: join(dir, 'amd64'), arm64: join(dir, 'arm64') };
    for (const [architecture, root] of Object.entries(roots)) {
      await buildImage(app, ['--platform', `linux/${architecture}`, '-o', `rootfs:${root}`]);
    }
    const own = await compilerIn(roots.arm64, 'arm64');
    const twin = await compilerIn(roots.amd64, 'amd64');
    expect(own.version).toBe(twin.version);
    const { stdout } = await runTare(['plan', app, '--platform', 'linux/arm64', '--json']);
    const [target] = v.parse(wheelsSchema, JSON.parse(stdout)).targets;
    const sample = (target?.wheels ?? []).filter(({ name }) =>
      ['starlette', 'pydantic', 'click', 'pyyaml'].includes(name),
    );
    expect(sample).toHaveLength(4);
    for (const wheel of sample) {
      const bundles: Bundle[] = [];
      for (const compiler of [own, twin]) bundles.push(await compile(wheel, compiler));
      const [ofOwn, ofTwin] = bundles.map(({ files }) => files.map((file) => [file.path, file.sha256]));
      expect(ofOwn?.length).toBeGreaterThan(5);
      expect(ofTwin).toEqual(ofOwn);
    }
  });

  /** The CPython of an unpacked image. */
  async function compilerIn(root: string, architecture: 'amd64' | 'arm64'): Promise<Compiler> {
    const { loader, libraries, python, home } = await findRootInterpreter({
      root,
      architecture,
      interpreter: '/usr/bin/python3.13',
    });
    const started = {
      command: [loader, '--library-path', libraries, python],
      env: { PYTHONHOME: home, PYTHONHASHSEED: '0', LC_ALL: 'C.UTF-8' },
      cwd: root,
    };
    return { ...started, version: (await readBytecodeFormat(started)).version };
  }

  let count = 0;
  async function compile(wheel: { readonly filename: string; readonly sha256: string }, compiler: Compiler) {
    return compileWheel({
      kind: 'wheel-bytecode',
      output: join(dir, `bundle-${count++}`),
      file: join(sharedCacheDir, 'v1/blobs/sha256', wheel.sha256.slice('sha256:'.length)),
      filename: wheel.filename,
      scheme: { prefix: '/opt/venv', pythonVersion: '3.13', uid: 0, gid: 0 },
      compiler,
      parallel: 2,
    });
  }
});

describe('where nothing may be started from the cache', () => {
  /** Runs tare with a cache on a file system without execution, and no Python of the wanted version on PATH. */
  async function runWithout(args: readonly string[]) {
    const cache = join(dir, 'noexec');
    if (!existsSync(join(dir, 'downloads'))) await copyDownloads(join(dir, 'downloads'));
    const script = `mkdir -p ${cache} && mount -t tmpfs -o noexec tmpfs ${cache} && cp -a ${join(dir, 'downloads')}/. ${cache} && exec "$@"`;
    const env = tareEnvironment({ cacheDir: cache });
    const path = (env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('pyenv'));
    const command = [
      '--user',
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      process.execPath,
      cliPath,
      ...args,
    ];
    return runCommand('unshare', command, { env: { ...env, PATH: path.join(':') }, timeout: 300_000 });
  }

  test('the build says so and goes on without bytecode', async (context) => {
    await requireComponent(context, 'namespaces');
    const layout = join(dir, 'without');
    const built = await runWithout(['build', app, '-o', `oci:${layout}`]);
    expect(built.stderr).toMatch(
      /warning: the image for linux\/\w+ has no bytecode: no CPython of its version can be started here/,
    );
    expect(built.stderr).toContain('hint: it starts more slowly');
    expect(built.code).toBe(0);
    const [image] = (await readLayout(layout)).values();
    if (image === undefined) throw new Error('no image');
    expect([...(await readRootfs(layout, image)).keys()].filter((path) => path.endsWith('.pyc'))).toEqual([]);
    expect(image.config.config.Env.join()).not.toContain('PYTHONDONTWRITEBYTECODE');
    expect(image.config.config.Labels['tare.bytecode.magic']).toBeUndefined();
  });

  test('sources cannot be stripped', async (context) => {
    await requireComponent(context, 'namespaces');
    const built = await runWithout(['build', app, '--sources', 'strip', '-o', `oci:${join(dir, 'none')}`]);
    expect(built.code).toBe(1);
    expect(built.stderr).toContain('error[SOURCES_NEED_BYTECODE]: the sources cannot be left out');
  });
});
