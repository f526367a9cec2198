import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { runTare } from '../support/cli.ts';
import { type EngineScene, startEngineScene } from '../support/engine-scene.ts';
import { writeProject } from '../support/example.ts';
import { makeWheel, pinned } from '../support/make-wheel.ts';
import { temporaryDir } from '../support/paths.ts';
import { type PrivateIndex, startPrivateIndex } from '../support/private-index.ts';

let opened: Promise<{ readonly scene: EngineScene; readonly index: PrivateIndex }> | undefined;
afterAll(async () => {
  const found = await opened?.catch(() => undefined);
  await found?.index.stop();
  await found?.scene.stop();
});

const wheel = makeWheel({
  name: 'hushed',
  version: '1.0',
  files: { 'hushed.py': 'word = "from the private index"\n' },
});

async function open(context: TestContext) {
  const scene = await startEngineScene(context);
  return { scene, index: await startPrivateIndex([wheel]) };
}

function addressOf({ url, user, password }: PrivateIndex): string {
  return url.replace('://', `://${user}:${password}@`);
}

/** What pip and the environment of a person in such a company hold. */
function companyEnvironment({ scene, index }: { readonly scene: EngineScene; readonly index: PrivateIndex }) {
  return {
    ...scene.env,
    BUILDKIT_HOST: scene.buildkit.address,
    PIP_EXTRA_INDEX_URL: addressOf(index),
    HTTPS_PROXY: index.proxy,
    SSL_CERT_FILE: index.bundle,
    PIP_CERT: index.bundle,
    REQUESTS_CA_BUNDLE: undefined,
    CURL_CA_BUNDLE: undefined,
  };
}

/** Every blob of a layout, unpacked, as bytes. */
async function blobsOf(layout: string): Promise<readonly Buffer[]> {
  const folder = join(layout, 'blobs/sha256');
  const blobs = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
  return blobs.map((bytes) => (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes));
}

const ways = [
  ['cached', 'buildx'],
  ['venv', 'buildctl'],
  ['wheels', 'buildx'],
  ['uv', 'buildctl'],
  ['venv', 'docker'],
  ['venv', 'podman'],
] as const;

describe('behind a proxy with its own authority, with an index that wants a password', () => {
  test.for(ways)('`%s` is built by %s, and the image holds none of the three', async ([variant, engine], context) => {
    const world = await (opened ??= open(context));
    const { index } = world;
    const dir = await temporaryDir(`secrets-${variant}-${engine}`);
    const project = await writeProject(join(dir, 'shop'), {
      'main.py': 'import hushed\nprint(hushed.word)\n',
      'tare.toml': 'entrypoint = "main.py"\npython = "3.13"\n',
      'requirements.txt': pinned(wheel),
      // Of other installers: what stands in them is no part of the application.
      'worker/pyproject.toml': `[[tool.uv.index]]\nurl = "${addressOf(index)}"\n`,
      'poetry.toml': `[repositories.own]\nurl = "${addressOf(index)}"\n`,
    });
    const layout = join(dir, 'image');
    const builder = engine === 'buildx' ? ['--builder', world.scene.buildkit.builder] : [];
    const args = ['build', project, '--engine', engine, ...builder, '--variant', variant, '-o', `oci:${layout}`];
    const built = await runTare([...args, '--progress', 'plain'], {
      env: companyEnvironment(world),
      cacheDir: join(dir, 'cache'),
    });
    expect(built.code, built.stderr).toBe(0);
    const ran = await runTare(['run', layout, '--engine', 'runc']);
    expect(ran.stdout).toContain('from the private index');
    const secrets = {
      password: index.password,
      index: new URL(index.url).host,
      proxy: new URL(index.proxy).host,
      authority: index.authority.split('\n')[3] ?? 'nothing',
    };
    for (const [what, text] of Object.entries(secrets)) {
      for (const blob of await blobsOf(layout)) expect(blob.includes(text), `${what} is in the image`).toBe(false);
    }
    expect(`${built.stdout}${built.stderr}`).not.toContain(index.password);
    expect(await readdir(join(dir, 'cache', 'run'))).toEqual([]);
  });
});
