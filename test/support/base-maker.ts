import { join } from 'node:path';
import type { Context } from '../../src/base/context.ts';
import type { BaseCache, BaseImage } from '../../src/base-image/base-image.ts';
import { readBaseImage } from '../../src/base-image/read-base.ts';
import { renderImageConfig } from '../../src/oci/config.ts';
import { type Image, makeImage } from '../../src/oci/image.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { makeElf } from './elf-maker.ts';
import { makeTar, type TarMember } from './tar-maker.ts';
import { gzipLayer, makeLayer } from './tiny-image.ts';

export interface MadeBase {
  readonly mediaType?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly platform?: string;
}

/** A file of a hand-made image: its text or bytes, by path. A target after `->` makes it a symbolic link. */
export type MadeFiles = Readonly<Record<string, string | Uint8Array>>;

export function membersOf(files: MadeFiles): readonly TarMember[] {
  return Object.entries(files).map(([name, bytes]) =>
    typeof bytes === 'string' && bytes.startsWith('-> ')
      ? { name, flag: '2', target: bytes.slice(3) }
      : { name, bytes, mode: /\/bin\//.test(name) ? 0o755 : 0o644 },
  );
}

/** An image of layers given by their files, lowest first; its blobs lie in `dir`. */
export async function makeBaseImage(
  dir: string,
  layers: readonly (MadeFiles | readonly TarMember[])[],
  made: MadeBase = {},
): Promise<Image> {
  const { mediaType = gzipLayer, env = {}, platform = 'linux/amd64' } = made;
  const written = await Promise.all(
    layers.map((layer) => makeLayer(dir, makeTar(isMembers(layer) ? layer : membersOf(layer)), mediaType)),
  );
  const config = renderImageConfig({
    platform: parsePlatform(platform),
    created: new Date(1_700_000_000_000),
    env: Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...env }).map(([name, value]) => ({ name, value })),
    cmd: ['python3'],
    user: '',
    workdir: '',
    labels: {},
    exposedPorts: [],
    layers: written.map(({ diffId }, index) => ({ diffId, createdBy: `step ${index}` })),
  });
  return makeImage({ config, layers: written });
}

function isMembers(layer: MadeFiles | readonly TarMember[]): layer is readonly TarMember[] {
  return Array.isArray(layer);
}

/** A cache in memory that tells what it was asked. */
export interface MemoryCache extends BaseCache {
  readonly values: Map<string, unknown>;
}

export function memoryCache(dir: string): MemoryCache {
  const values = new Map<string, unknown>();
  let count = 0;
  return {
    values,
    read: async (key) => values.get(key),
    // As it comes back from a file.
    write: async (key, value) => void values.set(key, JSON.parse(JSON.stringify(value))),
    temporary: async () => join(dir, `spool-${count++}`),
  };
}

export const quietContext: Pick<Context, 'signal' | 'progress'> = {
  signal: new AbortController().signal,
  progress: { start: () => ({ advance: () => undefined, done: () => undefined }) },
};

/** Makes the image and reads it. */
export async function readMadeBase(
  dir: string,
  layers: readonly (MadeFiles | readonly TarMember[])[],
  made: MadeBase = {},
): Promise<BaseImage> {
  return readBaseImage(await makeBaseImage(dir, layers, made), memoryCache(dir), quietContext);
}

const loaders = { glibc: '/lib64/ld-linux-x86-64.so.2', musl: '/lib/ld-musl-x86_64.so.1' };

/** The program of a Python. */
export function pythonProgram(libc: keyof typeof loaders = 'glibc', text = ''): Uint8Array {
  return Buffer.concat([makeElf({ interpreter: loaders[libc], needed: ['libc.so.6'] }), Buffer.from(text)]);
}

/** A paragraph of dpkg's database. */
export function stanza(name: string, version: string, more: Readonly<Record<string, string>> = {}): string {
  const fields = { Package: name, Status: 'install ok installed', Architecture: 'amd64', Version: version, ...more };
  return `${Object.entries(fields)
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('')}\n`;
}

/** The files of a small Debian with a Python at `/usr/local`, as in Docker's `python:3.12-slim`. */
export const slimFiles: MadeFiles = {
  'etc/os-release': '-> ../usr/lib/os-release',
  'usr/lib/os-release':
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
  lib: '-> usr/lib',
  'usr/bin/apt-get': '#!/bin/sh\n',
  'usr/lib/x86_64-linux-gnu/libc.so.6': makeElf({ soname: 'libc.so.6' }),
  'etc/ld.so.conf': 'include /etc/ld.so.conf.d/*.conf\n',
  'etc/ld.so.conf.d/libc.conf': '# libc default configuration\n/usr/local/lib\n',
  'etc/ld.so.conf.d/x86_64-linux-gnu.conf': '/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n',
  'var/lib/dpkg/status':
    stanza('base-files', '12.4+deb12u11') +
    stanza('libc6', '2.36-9+deb12u10', { 'Multi-Arch': 'same', Provides: 'libc6-virtual (= 1)' }),
  'usr/local/bin/python3.12': pythonProgram(),
  'usr/local/bin/python3': '-> python3.12',
  'usr/local/lib/libpython3.12.so.1.0': makeElf({ soname: 'libpython3.12.so.1.0' }),
  'usr/local/include/python3.12/patchlevel.h': '#define PY_MAJOR_VERSION 3\n#define PY_VERSION      "3.12.11"\n',
};
