import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { TestContext } from 'vitest';
import { mustRun } from './command.ts';
import { requireComponent } from './components.ts';
import { request } from './http.ts';
import { type PythonBase, requirePythonBase } from './python-base.ts';
import { startRegistry, type TestRegistry } from './registry.ts';

/** What Docker's full `python:MINOR` has above the slim one: compilers, headers, version control (buildpack-deps). */
const toolchain =
  'autoconf automake bzip2 curl default-libmysqlclient-dev dpkg-dev file g++ gcc git gnupg imagemagick libbluetooth-dev libbz2-dev ' +
  'libc6-dev libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev libjpeg-dev libkrb5-dev ' +
  'liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses-dev libpng-dev libpq-dev libreadline-dev ' +
  'libsqlite3-dev libssl-dev libtool libwebp-dev libxml2-dev libxslt1-dev libyaml-dev make mercurial openssh-client patch procps ' +
  'subversion tk-dev unzip uuid-dev wget xz-utils zlib1g-dev';

export interface PythonImages {
  /** `python:3.13-slim-trixie`'s look-alike. */
  readonly slim: PythonBase;
  /** `python:3.13-trixie`'s. */
  readonly full: PythonBase;
}

/** The look-alikes of Docker's `python:3.13-slim-trixie` and `python:3.13-trixie`, made once and kept in `.bench/`. */
export async function requirePythonImages(context: TestContext): Promise<PythonImages> {
  const slim = await requirePythonBase(context, '3.13', 'trixie');
  const full = await requirePythonBase(context, '3.13', 'trixie', { name: 'full', packages: toolchain.split(' ') });
  return { slim, full };
}

/** Names of the two in the library of Docker's own registry. */
const names = { slim: ['3.13-slim-trixie', '3.13-slim'], full: ['3.13-trixie', '3.13'] } as const;

/**
 * A registry of the loopback with the look-alikes as `library/python`: to be named as a mirror of `docker.io`. With `only`,
 * one of the two; with `others`, the slim one is there for their platforms as well, under an index.
 */
export async function startPythonRegistry(
  context: TestContext,
  only?: keyof PythonImages,
  others: readonly PythonBase[] = [],
): Promise<TestRegistry & { readonly mirror: string }> {
  await requireComponent(context, 'registry', 'skopeo');
  const bases =
    only === 'slim' ? { slim: await requirePythonBase(context, '3.13', 'trixie') } : await requirePythonImages(context);
  const registry = await startRegistry();
  try {
    for (const [kind, base] of Object.entries(bases)) {
      const tags = names[kind === 'full' ? 'full' : 'slim'];
      const platforms = kind === 'slim' ? [base, ...others] : [base];
      await (platforms.length > 1 ? pushIndex(registry, tags, platforms) : pushImage(registry, tags, base));
    }
  } catch (error) {
    await registry.stop();
    throw error;
  }
  return { ...registry, mirror: `http://${registry.host}` };
}

const repository = 'library/python';

async function pushImage({ host }: TestRegistry, tags: readonly string[], base: PythonBase): Promise<void> {
  for (const tag of tags) {
    const image = `docker://${host}/${repository}:${tag}`;
    await mustRun('skopeo', ['copy', '--dest-tls-verify=false', `oci:${base.layout}`, image]);
  }
}

const layoutIndex = v.object({
  manifests: v.tuple([
    v.object({ mediaType: v.string(), digest: v.string(), size: v.number(), platform: v.unknown() }),
  ]),
});

/** One list over an image for each platform, as Docker's own registry has it. */
async function pushIndex(
  { host }: TestRegistry,
  tags: readonly string[],
  platforms: readonly PythonBase[],
): Promise<void> {
  const manifests: unknown[] = [];
  for (const { layout } of platforms) {
    const index = v.parse(layoutIndex, JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')));
    const [manifest] = index.manifests;
    const image = `docker://${host}/${repository}@${manifest.digest}`;
    await mustRun('skopeo', ['copy', '--dest-tls-verify=false', '--preserve-digests', `oci:${layout}`, image]);
    manifests.push(manifest);
  }
  const mediaType = 'application/vnd.docker.distribution.manifest.list.v2+json';
  const body = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
  for (const tag of tags) {
    const put = { method: 'PUT', headers: { 'content-type': mediaType }, body };
    const { status, body: said } = await request(`http://${host}/v2/${repository}/manifests/${tag}`, put);
    if (status !== 201) throw new Error(`the registry takes no index: ${status} ${said.toString()}`);
  }
}
