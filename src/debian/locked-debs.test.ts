import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openCache } from '../store/cache.ts';
import { type ArchiveKey, archiveAddress, makeArchiveKey, securityAddress } from '../../test/support/debian-mirror.ts';
import { failure, makeSuite, openTrixie, standInDebs, type StandInSuite } from '../../test/support/debian-suite.ts';
import { snapshotAddresses } from './locked-debs.ts';
import { type DebianMirrorConfig, fetchDebs } from './mirror.ts';
import type { DebPackage } from './package.ts';
import { movedAlong, withPinned } from './pinned-index.ts';
import { parseRelations } from './relation.ts';
import { parseDebianVersion } from './version.ts';

let key: ArchiveKey;
beforeAll(async () => {
  key = await makeArchiveKey();
});

/** Both packages of the suite as a lock has them: without an address. */
async function lockedPackages(here: StandInSuite): Promise<readonly DebPackage[]> {
  const index = await openTrixie(here);
  return ['aa', 'bb'].flatMap((name) => {
    const { url: _url, ...one } = index.find(name) ?? expect.fail(name);
    return [{ ...one, indexDate: '2026-11-21T09:15:44Z' }];
  });
}

const fetchAll = async (
  here: StandInSuite,
  packages: readonly DebPackage[],
  config: Partial<DebianMirrorConfig> = {},
) => {
  await mkdir(join(here.cacheDir, 'blobs'), { recursive: true });
  const cache = openCache(join(here.cacheDir, 'blobs'));
  return fetchDebs(here.context(), packages, cache, { ...here.config, ...config });
};

describe('packages of a lock', () => {
  test('come from whichever archive has them, without any index', async () => {
    const here = await makeSuite(key);
    const packages = await lockedPackages(here);
    for (const address of here.mirror.files.keys()) if (address.includes('/dists/')) here.mirror.files.delete(address);
    here.mirror.asked.length = 0;
    const fetched = await fetchAll(here, packages);
    expect(fetched.map(({ source }) => source)).toEqual(['security mirror', 'mirror']);
    expect(here.mirror.asked.every((address) => address.endsWith('.deb'))).toBe(true);
  });

  test('that the archives have no longer come from the snapshot', async () => {
    const here = await makeSuite(key);
    const packages = await lockedPackages(here);
    const { fixed } = standInDebs;
    here.mirror.files.delete(`${securityAddress}/${fixed.filename}`);
    here.mirror.files.set(`https://old.example/archive/debian/20261122T091544Z/${fixed.filename}`, fixed.bytes);
    const snapshot = 'https://old.example/archive/{archive}/{date}/{filename}';
    expect((await fetchAll(here, packages, { snapshot })).map(({ source }) => source)).toEqual(['snapshot', 'mirror']);
  });

  test('that nobody has are all named, with both ways out', async () => {
    const here = await makeSuite(key);
    const packages = await lockedPackages(here);
    const { fixed, unrelated } = standInDebs;
    here.mirror.files.delete(`${securityAddress}/${fixed.filename}`);
    here.mirror.files.set(`${archiveAddress}/${unrelated.filename}`, Buffer.alloc(unrelated.bytes.length));
    const error = await failure(fetchAll(here, packages));
    expect(error).toMatchObject({
      code: 'LOCKED_FILES_GONE',
      message: expect.stringMatching(
        /aa_1\.0-1\+deb13u2_amd64\.deb \(not there\)\n.*bb_1\.0-1_amd64\.deb \(another file/,
      ),
      hint: expect.stringMatching(/TARE_DEBIAN_SNAPSHOT.*--base-from/),
      transient: false,
    });
  });

  test('from a mirror in trouble are worth another try', async () => {
    const here = await makeSuite(key);
    const packages = await lockedPackages(here);
    here.mirror.faults.set('.deb', 'error 503');
    expect(await failure(fetchAll(here, packages))).toMatchObject({ transient: true });
  });
});

test.each([
  ['https://old.example/debian/', ['https://old.example/debian/pool/updates/main/a/aa/aa_1_amd64.deb']],
  ['https://old.example/{name}/{version}', ['https://old.example/aa/1%3A1.0%2Bb1']],
  [
    'https://old.example/{archive}/{date}/{filename}',
    ['debian-security', 'debian'].flatMap((archive) =>
      ['20261121T091544Z', '20261122T091544Z'].map(
        (date) => `https://old.example/${archive}/${date}/pool/updates/main/a/aa/aa_1_amd64.deb`,
      ),
    ),
  ],
  ['https://old.example/{sha256}?{other}', [`https://old.example/${'1'.repeat(64)}?{other}`]],
])('the pattern %s names addresses', (pattern, addresses) => {
  const one = packageNamed('aa', {
    version: parseDebianVersion('1:1.0+b1'),
    filename: 'pool/updates/main/a/aa/aa_1_amd64.deb',
    indexDate: '2026-11-21T09:15:44Z',
  });
  expect(snapshotAddresses(pattern, one)).toEqual(addresses);
});

function packageNamed(name: string, changes: Partial<DebPackage> = {}): DebPackage {
  return {
    name,
    version: parseDebianVersion('1.0-1'),
    architecture: 'amd64',
    filename: `pool/${name}.deb`,
    size: 1,
    sha256: `sha256:${'1'.repeat(64)}` as DebPackage['sha256'],
    installedSize: 1,
    multiArch: 'no',
    priority: 'optional',
    depends: [],
    conflicts: [],
    provides: [],
    ...changes,
  };
}

describe('a suite in which packages are pinned', () => {
  test('has them as they are, and the others as they have become', async () => {
    const here = await makeSuite(key);
    const index = await openTrixie(here);
    const old = packageNamed('bb', { provides: parseRelations('virtual (= 1)', 'amd64') });
    const pinned = withPinned(index, [old]);
    expect(pinned.find('bb')).toBe(old);
    expect(pinned.find('aa')).toBe(index.find('aa'));
    expect(pinned.providers('virtual')).toEqual([{ package: old, version: '1' }]);
    expect(pinned.digest).not.toBe(index.digest);
  });

  test('lets go of what must move with another', async () => {
    const here = await makeSuite(key);
    const index = await openTrixie(here);
    const tied = packageNamed('aa-bin', { depends: parseRelations('aa (= 1.0-1)', 'amd64') });
    const loose = packageNamed('zz', { depends: parseRelations('aa (>= 0.5)', 'amd64') });
    expect([...movedAlong(new Set(['aa']), [tied, loose, packageNamed('aa')], index)]).toEqual(['aa', 'aa-bin']);
  });
});
