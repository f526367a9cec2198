import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeDeb } from '../../test/support/deb-maker.ts';
import {
  type ArchiveKey,
  archiveAddress,
  makeArchiveKey,
  type ReleaseSpec,
  securityAddress,
} from '../../test/support/debian-mirror.ts';
import { failure, makeSuite, openTrixie, standInDebs } from '../../test/support/debian-suite.ts';
import type { BlobCache } from '../base/blob-cache.ts';
import { digestHex } from '../base/digest.ts';
import { fetchDebs, openSuite } from './mirror.ts';

let key: ArchiveKey;
beforeAll(async () => {
  key = await makeArchiveKey();
});

const { fixed, unrelated } = standInDebs;
const day = 24 * 60 * 60 * 1000;
const setting = (changes: Partial<ReleaseSpec> = {}) => makeSuite(key, changes);

describe('opening a suite', () => {
  test('the newest of release, updates and security wins, with the address of its archive', async () => {
    const index = await openTrixie(await setting());
    expect(index.find('aa')).toMatchObject({
      version: '1.0-1+deb13u2',
      url: `${securityAddress}/${fixed.filename}`,
      size: fixed.bytes.length,
    });
    expect(index.find('cc')).toBeUndefined();
    expect(index.providers('virtual')).toMatchObject([{ package: { name: 'bb' }, version: '2' }]);
    expect(index.date).toEqual(new Date('2026-11-21T09:15:44Z'));
  });

  test('a day long the mirror is not asked again, nor with --offline, and then it is', async () => {
    const here = await setting();
    const first = await openTrixie(here);
    here.mirror.asked.length = 0;
    const later = (ms: number) => ({ now: () => new Date(here.context().now().getTime() + ms) });
    expect((await openTrixie(here, later(day - 1))).digest).toBe(first.digest);
    expect((await openTrixie(here, { offline: true, ...later(30 * day) })).find('aa')?.version).toBe('1.0-1+deb13u2');
    expect(here.mirror.asked).toEqual([]);
    await openTrixie(here, later(day));
    expect(here.mirror.asked).toHaveLength(3);
    await openTrixie(here, { refresh: true });
    expect(here.mirror.asked).toHaveLength(6);
  });

  test('an index that changed is another one', async () => {
    const here = await setting();
    const before = await openTrixie(here);
    const newer = makeDeb({ name: 'aa', version: '2.0-1' });
    await here.mirror.publish(
      archiveAddress,
      { codename: 'trixie', debs: [newer], date: 'Sun, 22 Nov 2026 10:00:00 UTC' },
      key,
    );
    const after = await openTrixie(here, { refresh: true });
    expect(after.find('aa')?.version).toBe('2.0-1');
    expect(after.digest).not.toBe(before.digest);
  });

  test('an index in the cache that is damaged is made anew', async () => {
    const here = await setting();
    await openTrixie(here);
    const folder = join(here.cacheDir, 'debian', 'packages');
    for (const name of await readdir(folder)) await writeFile(join(folder, name), 'what is this');
    expect(await failure(openTrixie(here, { offline: true }))).toMatchObject({ code: 'OFFLINE_MISSING' });
    expect((await openTrixie(here)).find('bb')).toBeDefined();
    expect((await openTrixie(here, { offline: true })).find('bb')).toBeDefined();
  });

  test('offline with an empty cache says what is missing', async () => {
    expect(await failure(openTrixie(await setting(), { offline: true }))).toMatchObject({ code: 'OFFLINE_MISSING' });
  });

  test('without any mirror it says how to set one', async () => {
    const here = await setting();
    const error = await failure(openSuite(here.context(), { aptRoot: here.cacheDir }, 'trixie', 'amd64'));
    expect(error).toMatchObject({
      code: 'DEBIAN_MIRROR_MISSING',
      hint: expect.stringMatching(/tool\.tare\.debian.*TARE_DEBIAN_MIRROR/),
    });
  });

  test('a mirror without security fixes beside it is used with a warning, a named one is not', async () => {
    const here = await setting();
    here.mirror.files.delete(`${securityAddress}/dists/trixie-security/InRelease`);
    const context = here.context();
    const index = await openSuite(context, here.config, 'trixie', 'amd64');
    expect(index.find('aa')?.version).toBe('1.0-1+deb13u1');
    expect(context.warnings).toEqual([expect.stringContaining('security')]);
    const named = { ...here.config, securityMirror: securityAddress };
    expect(await failure(openSuite(here.context(), named, 'trixie', 'amd64'))).toMatchObject({
      code: 'DEBIAN_SUITE_MISSING',
    });
  });

  test('an architecture that the mirror does not carry', async () => {
    const here = await setting();
    expect(await failure(openSuite(here.context(), here.config, 'trixie', 'arm64'))).toMatchObject({
      code: 'DEBIAN_ARCHITECTURE_MISSING',
    });
  });
});

describe('a mirror that fails', () => {
  const packages = 'dists/trixie/main/binary-amd64/Packages.gz';

  test('in the middle of the package index: said so, and the next run goes on where it broke', async () => {
    const here = await setting();
    here.mirror.faults.set(packages, 'cut');
    expect(await failure(openTrixie(here))).toMatchObject({ transient: true });
    here.mirror.faults.clear();
    expect((await openTrixie(here)).find('aa')).toBeDefined();
  });

  test.each(['down', 'error 503'] as const)(
    '%s: an error that is worth retrying, and with a cache only a warning',
    async (fault) => {
      const here = await setting();
      here.mirror.faults.set('trixie/InRelease', fault);
      expect(await failure(openTrixie(here))).toMatchObject({ transient: true });
      here.mirror.faults.clear();
      await openTrixie(here);
      here.mirror.faults.set('trixie/InRelease', fault);
      const later = here.context({ now: () => new Date('2026-11-25T00:00:00Z') });
      await openSuite(later, here.config, 'trixie', 'amd64');
      expect(later.warnings).toEqual([expect.stringContaining('2026-11-22')]);
      expect(await failure(openTrixie(here, { refresh: true }))).toMatchObject({ transient: true });
    },
  );

  test('sends another index than the one it lists', async () => {
    const here = await setting();
    here.mirror.files.set(`${archiveAddress}/${packages}`, Buffer.from('something else'));
    expect(await failure(openTrixie(here))).toMatchObject({ code: 'DEBIAN_INDEX_HASH_MISMATCH', transient: true });
  });

  test('is just being updated: the index is still there by its hash', async () => {
    const here = await setting({ byHash: true });
    const address = `${archiveAddress}/${packages}`;
    here.mirror.files.set(address, Buffer.from(here.mirror.files.get(address) ?? []).reverse());
    expect((await openTrixie(here)).find('bb')).toBeDefined();
  });
});

describe('fetching packages', () => {
  const blobs = (folder: string): BlobCache => ({
    blobPath: (digest) => join(folder, digestHex(digest)),
    has: (digest) => stat(join(folder, digestHex(digest))).then(Boolean, () => false),
    temporary: async (name = 'x') => {
      await mkdir(folder, { recursive: true });
      return join(folder, name);
    },
    adopt: async (file, digest) => {
      await rename(file, join(folder, digestHex(digest)));
      return join(folder, digestHex(digest));
    },
  });

  test('gives their files, from the cache where it has them', async () => {
    const here = await setting();
    const index = await openTrixie(here);
    const wanted = [index.find('aa'), index.find('bb')].filter((one) => one !== undefined);
    const cache = blobs(join(here.cacheDir, 'blobs'));
    const first = await fetchDebs(here.context(), wanted, cache, here.config);
    expect(await Promise.all(first.map(({ file }) => readFile(file)))).toEqual([fixed.bytes, unrelated.bytes]);
    const offline = await fetchDebs(here.context({ offline: true }), wanted, cache, here.config);
    expect(offline.map(({ file }) => file)).toEqual(first.map(({ file }) => file));
    expect([first, offline].map((all) => all.map(({ source }) => source))).toEqual([
      ['mirror', 'mirror'],
      ['cache', 'cache'],
    ]);
  });

  test('a package that is not the one of the index is refused', async () => {
    const here = await setting();
    const index = await openTrixie(here);
    here.mirror.files.set(`${archiveAddress}/${unrelated.filename}`, Buffer.alloc(unrelated.bytes.length));
    const wanted = [index.find('bb')].filter((one) => one !== undefined);
    const cache = blobs(join(here.cacheDir, 'blobs'));
    expect(await failure(fetchDebs(here.context(), wanted, cache, here.config))).toMatchObject({
      code: 'DOWNLOAD_HASH_MISMATCH',
    });
  });
});
