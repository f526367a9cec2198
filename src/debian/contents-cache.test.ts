import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ArchiveKey,
  archiveAddress,
  makeArchiveKey,
  makeContents,
  type ReleaseSpec,
  securityAddress,
} from '../../test/support/debian-mirror.ts';
import { failure, makeSuite, type StandInSuite, standInDebs } from '../../test/support/debian-suite.ts';
import type { Context } from '../base/context.ts';
import { type ContentsOptions, openContents, openSuite } from './mirror.ts';
import { describeElsewhere, suitesWithLibrary } from './mirror-elsewhere.ts';

let key: ArchiveKey;
beforeAll(async () => {
  key = await makeArchiveKey();
});

const triplet = 'usr/lib/x86_64-linux-gnu';
const contents = makeContents(`${triplet}/libaa.so.1   libs/aa`, 'usr/bin/bb   utils/bb');
const independent = makeContents('usr/bin/fonts-tool   fonts/fonts-all');
const path = 'main/Contents-amd64.gz';

const setting = (indexes: ReleaseSpec['indexes'] = { [path]: contents }, more: Partial<ReleaseSpec> = {}) =>
  makeSuite(key, { indexes, ...more });
const open = (here: StandInSuite, changes: Partial<Context> = {}, options: ContentsOptions = {}) =>
  openContents(here.context(changes), here.config, 'trixie', 'amd64', options);
const library = { package: 'aa', path: `${triplet}/libaa.so.1` };

describe('opening the Contents of a suite', () => {
  test('fetched once, then from the cache, with --offline too', async () => {
    const here = await setting();
    const first = await open(here);
    expect(first.librariesNamed('libaa.so.1')).toEqual([library]);
    expect(first.programsNamed('bb')).toEqual(['bb']);
    expect(['aa', 'bb', 'zz'].map(first.holdsCode)).toEqual([true, true, false]);
    here.mirror.asked.length = 0;
    const again = await open(here, { offline: true });
    expect(again.librariesNamed('libaa.so.1')).toEqual([library]);
    expect(again.digest).toBe(first.digest);
    expect(here.mirror.asked).toEqual([]);
    expect(await readdir(join(here.cacheDir, 'debian', 'incoming'))).toEqual([]);
  });

  test('programs of packages for all architectures, unless told not to', async () => {
    const here = await setting({ [path]: contents, 'main/Contents-all.gz': independent });
    expect((await open(here, {}, { independent: false })).programsNamed('fonts-tool')).toEqual([]);
    expect(here.mirror.asked.filter((url) => url.includes('Contents-all'))).toEqual([]);
    const whole = await open(here);
    expect(whole.programsNamed('fonts-tool')).toEqual(['fonts-all']);
    expect(whole.holdsCode('fonts-all')).toBe(true);
  });

  test('those of the updates count, empty ones among the security fixes are not even fetched', async () => {
    const here = await setting();
    const updated = makeContents(`${triplet}/libaa.so.2   libs/aa2`);
    await here.mirror.publish(
      archiveAddress,
      { codename: 'trixie-updates', debs: [standInDebs.updated], indexes: { [path]: updated } },
      key,
    );
    const nothing = { 'main/Contents-amd64': new Uint8Array(0), [path]: gzipSync('') };
    await here.mirror.publish(
      securityAddress,
      { codename: 'trixie-security', debs: [standInDebs.fixed], indexes: nothing },
      key,
    );
    const index = await open(here);
    expect(index.librariesNamed('libaa.so.2')).toEqual([{ package: 'aa2', path: `${triplet}/libaa.so.2` }]);
    expect(here.mirror.asked.filter((url) => url.includes('security') && url.includes('Contents'))).toEqual([]);
  });

  test('a package that it names and the package index no longer has is no package', async () => {
    const here = await setting({ [path]: makeContents(`${triplet}/libold.so.1   libs/libold1`) });
    const [file] = (await open(here)).librariesNamed('libold.so.1');
    expect(file?.package).toBe('libold1');
    expect((await openSuite(here.context(), here.config, 'trixie', 'amd64')).find('libold1')).toBeUndefined();
  });

  test('a damaged file in the cache is made anew', async () => {
    const here = await setting();
    await open(here);
    const folder = join(here.cacheDir, 'debian', 'contents');
    for (const name of await readdir(folder)) await writeFile(join(folder, name), 'what is this');
    expect(await failure(open(here, { offline: true }))).toMatchObject({ code: 'OFFLINE_MISSING' });
    expect((await open(here)).librariesNamed('libaa.so.1')).toEqual([library]);
  });

  test.each<[string, string, () => Uint8Array]>([
    ['not compressed', 'main/Contents-amd64', () => Buffer.from(`${triplet}/libaa.so.1   libs/aa\n`)],
    [
      'compressed with xz',
      'main/Contents-amd64.xz',
      () => execFileSync('xz', ['-c'], { input: `${triplet}/libaa.so.1   libs/aa\n` }),
    ],
    ['one for all components', 'Contents-amd64.gz', () => contents],
  ])('%s', async (_name, place, make) => {
    expect((await open(await setting({ [place]: make() }))).librariesNamed('libaa.so.1')).toEqual([library]);
  });
});

describe('Contents that are older than the release that lists newer ones', () => {
  const newerDate = { date: 'Sun, 22 Nov 2026 10:00:00 UTC' };
  const newer = makeContents(`${triplet}/libaa.so.2   libs/aa2`);

  /** A mirror that got the new release and index of packages, but not yet the Contents. */
  async function lagging(first: StandInSuite) {
    const release = { codename: 'trixie', debs: [standInDebs.base], indexes: { [path]: newer }, ...newerDate };
    await first.mirror.publish(archiveAddress, release, key);
    first.mirror.files.set(`${archiveAddress}/dists/trixie/${path}`, contents);
    return first;
  }

  test('those that were verified before serve, with a warning', async () => {
    const here = await setting();
    const before = await open(here);
    await lagging(here);
    const context = here.context({ refresh: true });
    const after = await openContents(context, here.config, 'trixie', 'amd64');
    expect(after.librariesNamed('libaa.so.1')).toEqual([library]);
    expect(after.digest).toBe(before.digest);
    expect(context.warnings).toEqual([expect.stringContaining('trixie')]);
    here.mirror.files.set(`${archiveAddress}/dists/trixie/${path}`, newer);
    const later = here.context();
    const caught = await openContents(later, here.config, 'trixie', 'amd64');
    expect(caught.librariesNamed('libaa.so.2').map((one) => one.package)).toEqual(['aa2']);
    expect(later.warnings).toEqual([]);
  });

  test('one that nobody ever verified says where to look, with a warning, and is fetched once a day', async () => {
    const here = await lagging(await setting());
    const context = here.context();
    const index = await openContents(context, here.config, 'trixie', 'amd64');
    expect(index.librariesNamed('libaa.so.1')).toEqual([library]);
    expect(context.warnings).toEqual([expect.stringContaining('another Contents index')]);
    here.mirror.files.set(`${archiveAddress}/dists/trixie/${path}`, makeContents('usr/bin/new  x/new'));
    expect((await open(here)).librariesNamed('libaa.so.1')).toEqual([library]);
    const offline = await openContents(here.context({ offline: true }), here.config, 'trixie', 'amd64');
    expect(offline.librariesNamed('libaa.so.1')).toEqual([library]);
  });

  test('a mirror that fails in between: the same', async () => {
    const here = await setting();
    await open(here);
    await lagging(here);
    here.mirror.faults.set(path, 'error 503');
    const context = here.context({ refresh: true });
    const index = await openContents(context, here.config, 'trixie', 'amd64');
    expect(index.librariesNamed('libaa.so.1')).toEqual([library]);
    expect(context.warnings).toHaveLength(1);
  });
});

describe('Contents that cannot be had', () => {
  test('the release lists none: the error says what to do without', async () => {
    const error = await failure(open(await setting({})));
    expect(error).toMatchObject({ code: 'DEBIAN_CONTENTS_MISSING', hint: expect.stringContaining('system-packages') });
  });

  test('that of another architecture is none', async () => {
    const here = await setting({ 'main/Contents-arm64.gz': contents, 'main/Contents-udeb-amd64.gz': contents });
    expect(await failure(open(here))).toMatchObject({ code: 'DEBIAN_CONTENTS_MISSING' });
  });

  test('the mirror does not carry what is listed', async () => {
    const here = await setting();
    here.mirror.files.delete(`${archiveAddress}/dists/trixie/${path}`);
    expect(await failure(open(here))).toMatchObject({ code: 'DEBIAN_CONTENTS_MISSING', transient: false });
  });

  test('the mirror is down: worth another try', async () => {
    const here = await setting();
    here.mirror.faults.set(path, 'error 503');
    expect(await failure(open(here))).toMatchObject({ transient: true });
  });

  test('it is another one than the release lists, and none that can be read', async () => {
    const here = await setting();
    here.mirror.files.set(`${archiveAddress}/dists/trixie/${path}`, Buffer.from('<html>please log in</html>'));
    for (let again = 0; again < 2; again++) expect(await failure(open(here))).toMatchObject({ code: 'GZIP_INVALID' });
  });

  test('the mirror is just being updated: it is still there by its hash', async () => {
    const here = await setting(undefined, { byHash: true });
    here.mirror.files.set(`${archiveAddress}/dists/trixie/${path}`, makeContents('usr/bin/new  x/new'));
    expect((await open(here)).librariesNamed('libaa.so.1')).toEqual([library]);
  });

  test.each<[string, Uint8Array, string]>([
    ['gzip cut short', contents.subarray(0, contents.length - 12), 'GZIP_INVALID'],
    ['no gzip at all', Buffer.from('<html>please log in</html>'), 'GZIP_INVALID'],
    ['lines without packages', makeContents('usr/bin/one', `${triplet}/libx.so.1`), 'DEBIAN_CONTENTS_INVALID'],
    ['one endless line', gzipSync(Buffer.alloc(3 * 1024 * 1024, 0x61)), 'DEBIAN_CONTENTS_INVALID'],
  ])('%s, as the release lists it: said so, and nothing is kept', async (_name, bytes, code) => {
    const here = await setting({ [path]: bytes });
    for (let again = 0; again < 2; again++) expect(await failure(open(here))).toMatchObject({ code });
  });

  test('offline with an empty cache', async () => {
    expect(await failure(open(await setting(), { offline: true }))).toMatchObject({ code: 'OFFLINE_MISSING' });
  });
});

describe('which suite has a library that this one lacks', () => {
  const ask = (here: StandInSuite, changes: Partial<Context> = {}) =>
    suitesWithLibrary(here.context(changes), here.config, 'trixie', 'amd64', ['libold.so.1', 'libno.so.1']);

  test('bookworm is asked once for all, and later found in the cache', async () => {
    const here = await setting();
    const older = makeContents(`${triplet}/libold.so.1   libs/libold1`, `${triplet}/p/libold.so.1   libs/other`);
    const bookworm = { codename: 'bookworm', debs: [standInDebs.base], indexes: { [path]: older } };
    await here.mirror.publish(archiveAddress, bookworm, key);
    const found = await ask(here);
    expect([...found]).toEqual([
      ['libold.so.1', [{ suite: 'bookworm', packages: ['libold1', 'other'] }]],
      ['libno.so.1', []],
    ]);
    expect(describeElsewhere('libold.so.1', 'trixie', found.get('libold.so.1'))).toBe(
      'trixie does not have `libold.so.1`; bookworm has it (libold1, other)',
    );
    expect(describeElsewhere('libno.so.1', 'trixie', found.get('libno.so.1'))).toBe(
      'trixie does not have `libno.so.1`',
    );
    expect(await ask(here, { offline: true })).toEqual(found);
    expect(here.mirror.asked.filter((url) => /bullseye|forky|sid/.test(url))).toEqual([]);
  });

  test('suites that cannot be asked are passed over without a word', async () => {
    const here = await setting();
    here.mirror.faults.set('bookworm/InRelease', 'down');
    const context = here.context();
    const found = await suitesWithLibrary(context, here.config, 'trixie', 'amd64', ['libno.so.1']);
    expect([[...found], context.warnings]).toEqual([[['libno.so.1', []]], []]);
  });
});
