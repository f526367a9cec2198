import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeDeb } from '../../test/support/deb-maker.ts';
import {
  type ArchiveKey,
  archiveAddress,
  makeArchiveKey,
  makeMirror,
  type ReleaseSpec,
  type StandInMirror,
  securityAddress,
  signText,
  standInContext,
} from '../../test/support/debian-mirror.ts';
import type { BlobCache } from '../base/blob-cache.ts';
import type { Context } from '../base/context.ts';
import { digestHex } from '../base/digest.ts';
import { type DebianMirrorConfig, fetchDebs, openSuite } from './mirror.ts';

let key: ArchiveKey;
let other: ArchiveKey;
beforeAll(async () => {
  [key, other] = await Promise.all([makeArchiveKey(), makeArchiveKey()]);
});

const base = makeDeb({ name: 'aa', version: '1.0-1' });
const updated = makeDeb({ name: 'aa', version: '1.0-1+deb13u1' });
const fixed = makeDeb({ name: 'aa', version: '1.0-1+deb13u2' });
const unrelated = makeDeb({ name: 'bb', fields: { Provides: 'virtual (= 2)' } });

const inRelease = `${archiveAddress}/dists/trixie/InRelease`;
const day = 24 * 60 * 60 * 1000;

interface Setting {
  readonly mirror: StandInMirror;
  readonly context: (changes?: Partial<Context>) => ReturnType<typeof standInContext>;
  readonly config: DebianMirrorConfig;
  readonly cacheDir: string;
}

/** A whole archive, and a cache folder of its own. `changes` are to the release itself. */
async function setting(changes: Partial<ReleaseSpec> = {}, signer = key): Promise<Setting> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'tare-mirror-'));
  onTestFinished(() => rm(cacheDir, { recursive: true, force: true }));
  const mirror = makeMirror();
  await mirror.publish(archiveAddress, { codename: 'trixie', debs: [base, unrelated], ...changes }, signer);
  await mirror.publish(archiveAddress, { codename: 'trixie-updates', debs: [updated] }, signer);
  await mirror.publish(securityAddress, { codename: 'trixie-security', debs: [fixed] }, signer);
  return {
    mirror,
    cacheDir,
    context: (more = {}) => standInContext(mirror.http, cacheDir, more),
    config: { mirror: archiveAddress, keys: [key.publicKey], aptRoot: join(cacheDir, 'no-apt') },
  };
}

const open = ({ context, config }: Setting, changes: Partial<Context> = {}) =>
  openSuite(context(changes), config, 'trixie', 'amd64');

const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('it went through'),
    (error: unknown) => error,
  );

describe('opening a suite', () => {
  test('the newest of release, updates and security wins, with the address of its archive', async () => {
    const index = await open(await setting());
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
    const first = await open(here);
    here.mirror.asked.length = 0;
    const later = (ms: number) => ({ now: () => new Date(here.context().now().getTime() + ms) });
    expect((await open(here, later(day - 1))).digest).toBe(first.digest);
    expect((await open(here, { offline: true, ...later(30 * day) })).find('aa')?.version).toBe('1.0-1+deb13u2');
    expect(here.mirror.asked).toEqual([]);
    await open(here, later(day));
    expect(here.mirror.asked).toHaveLength(3);
    await open(here, { refresh: true });
    expect(here.mirror.asked).toHaveLength(6);
  });

  test('an index that changed is another one', async () => {
    const here = await setting();
    const before = await open(here);
    const newer = makeDeb({ name: 'aa', version: '2.0-1' });
    await here.mirror.publish(
      archiveAddress,
      { codename: 'trixie', debs: [newer], date: 'Sun, 22 Nov 2026 10:00:00 UTC' },
      key,
    );
    const after = await open(here, { refresh: true });
    expect(after.find('aa')?.version).toBe('2.0-1');
    expect(after.digest).not.toBe(before.digest);
  });

  test('offline with an empty cache says what is missing', async () => {
    expect(await failure(open(await setting(), { offline: true }))).toMatchObject({ code: 'OFFLINE_MISSING' });
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

describe('a release file that is not to be trusted', () => {
  test('signed by a key that nobody named', async () => {
    const error = await failure(open(await setting({}, other)));
    expect(error).toMatchObject({ code: 'DEBIAN_KEY_UNKNOWN', hint: expect.stringContaining('keys') });
  });

  const alter = async (change: (text: string) => string) => {
    const here = await setting();
    const text = Buffer.from(here.mirror.files.get(inRelease) ?? []).toString('utf8');
    here.mirror.files.set(inRelease, Buffer.from(change(text)));
    return failure(open(here));
  };

  test.each<[string, (text: string) => string]>([
    ['a changed hash', (text) => text.replace(/ ([0-9a-f]{64}) /, ` ${'0'.repeat(64)} `)],
    ['a field before it', (text) => `Codename: trixie\n${text}`],
    ['a field behind it', (text) => `${text}\nCodename: trixie\n`],
    ['a second message behind it', (text) => `${text}\n${text}`],
    [
      'no signature at all',
      (text) => text.split('\n\n').slice(1).join('\n\n').split('-----BEGIN PGP SIGNATURE')[0] ?? '',
    ],
    ['half of it', (text) => text.slice(0, text.length / 2)],
    ['a page of something else', () => '<html>please log in</html>'],
    ['nothing', () => ''],
  ])('%s', async (_name, change) => {
    expect(await alter(change)).toMatchObject({ code: 'DEBIAN_SIGNATURE_INVALID' });
  });

  test('out of date, and apt on this machine minds', async () => {
    const here = await setting({ validUntil: 'Sun, 22 Nov 2026 11:59:59 UTC' });
    expect(await failure(open(here))).toMatchObject({
      code: 'DEBIAN_INDEX_EXPIRED',
      actual: expect.stringContaining('2026-11-22'),
    });
  });

  test('out of date, and apt on this machine does not mind: one warning', async () => {
    const here = await setting({ validUntil: 'Sun, 22 Nov 2026 11:59:59 UTC' });
    await writeFile(join(here.cacheDir, 'apt.conf'), 'Acquire::Check-Valid-Until "false";');
    const context = here.context();
    for (let again = 0; again < 2; again++) {
      await openSuite(context, { ...here.config, aptRoot: here.cacheDir }, 'trixie', 'amd64');
    }
    expect(context.warnings).toEqual([expect.stringContaining('2026-11-22')]);
  });

  test('out of date while it lay in the cache', async () => {
    const here = await setting({ validUntil: 'Sun, 22 Nov 2026 12:00:01 UTC' });
    await open(here);
    const now = () => new Date('2026-11-22T12:00:02Z');
    expect(await failure(open(here, { now }))).toMatchObject({ code: 'DEBIAN_INDEX_EXPIRED' });
    const offline = here.context({ now, offline: true });
    await openSuite(offline, here.config, 'trixie', 'amd64');
    expect(offline.warnings).toEqual([expect.stringContaining('out of date')]);
  });

  test('older than what this mirror sent before, though it is still signed and valid', async () => {
    const here = await setting();
    await open(here);
    await here.mirror.publish(
      archiveAddress,
      { codename: 'trixie', debs: [base], date: 'Fri, 20 Nov 2026 09:15:44 UTC' },
      key,
    );
    for (let again = 0; again < 2; again++) {
      expect(await failure(open(here, { refresh: true }))).toMatchObject({ code: 'DEBIAN_INDEX_ROLLED_BACK' });
    }
  });

  test('that of another suite, well signed', async () => {
    const here = await setting({ codename: 'bookworm' });
    const text = here.mirror.files.get(`${archiveAddress}/dists/bookworm/InRelease`);
    here.mirror.files.set(inRelease, text ?? new Uint8Array(0));
    expect(await failure(open(here))).toMatchObject({
      code: 'DEBIAN_SUITE_MISMATCH',
      expected: 'trixie',
      actual: 'bookworm',
    });
  });

  test.each([
    ['no hashes', 'Codename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n'],
    ['no date', 'Codename: trixie\nSHA256:\n'],
    ['a wrong date', 'Codename: trixie\nDate: yesterday\nSHA256:\n'],
    ['a wrong line', 'Codename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\nSHA256:\n x 1 y\n'],
  ])('well signed, but with %s', async (_name, text) => {
    const here = await setting();
    here.mirror.files.set(inRelease, Buffer.from(await signText(text, key)));
    expect(await failure(open(here))).toMatchObject({ code: 'DEBIAN_INDEX_INVALID' });
  });
});

describe('a mirror that fails', () => {
  const packages = 'dists/trixie/main/binary-amd64/Packages.gz';

  test('in the middle of the package index: said so, and the next run goes on where it broke', async () => {
    const here = await setting();
    here.mirror.faults.set(packages, 'cut');
    expect(await failure(open(here))).toMatchObject({ transient: true });
    here.mirror.faults.clear();
    expect((await open(here)).find('aa')).toBeDefined();
  });

  test.each(['down', 'error 503'] as const)(
    '%s: an error that is worth retrying, and with a cache only a warning',
    async (fault) => {
      const here = await setting();
      here.mirror.faults.set('trixie/InRelease', fault);
      expect(await failure(open(here))).toMatchObject({ transient: true });
      here.mirror.faults.clear();
      await open(here);
      here.mirror.faults.set('trixie/InRelease', fault);
      const later = here.context({ now: () => new Date('2026-11-25T00:00:00Z') });
      await openSuite(later, here.config, 'trixie', 'amd64');
      expect(later.warnings).toEqual([expect.stringContaining('2026-11-22')]);
      expect(await failure(open(here, { refresh: true }))).toMatchObject({ transient: true });
    },
  );

  test('sends another index than the one it lists', async () => {
    const here = await setting();
    here.mirror.files.set(`${archiveAddress}/${packages}`, Buffer.from('something else'));
    expect(await failure(open(here))).toMatchObject({ code: 'DEBIAN_INDEX_HASH_MISMATCH', transient: true });
  });

  test('is just being updated: the index is still there by its hash', async () => {
    const here = await setting({ byHash: true });
    const address = `${archiveAddress}/${packages}`;
    here.mirror.files.set(address, Buffer.from(here.mirror.files.get(address) ?? []).reverse());
    expect((await open(here)).find('bb')).toBeDefined();
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
    const index = await open(here);
    const wanted = [index.find('aa'), index.find('bb')].filter((one) => one !== undefined);
    const cache = blobs(join(here.cacheDir, 'blobs'));
    const first = await fetchDebs(here.context(), wanted, cache, here.config);
    expect(await Promise.all(first.map(({ file }) => readFile(file)))).toEqual([fixed.bytes, unrelated.bytes]);
    const offline = await fetchDebs(here.context({ offline: true }), wanted, cache, here.config);
    expect(offline).toEqual(first);
  });

  test('a package that is not the one of the index is refused', async () => {
    const here = await setting();
    const index = await open(here);
    here.mirror.files.set(`${archiveAddress}/${unrelated.filename}`, Buffer.alloc(unrelated.bytes.length));
    const wanted = [index.find('bb')].filter((one) => one !== undefined);
    const cache = blobs(join(here.cacheDir, 'blobs'));
    expect(await failure(fetchDebs(here.context(), wanted, cache, here.config))).toMatchObject({
      code: 'DOWNLOAD_HASH_MISMATCH',
    });
  });
});
