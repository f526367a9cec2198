import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ArchiveKey,
  archiveAddress,
  makeArchiveKey,
  type ReleaseSpec,
  signText,
} from '../../test/support/debian-mirror.ts';
import { failure, makeSuite, openTrixie, standInDebs } from '../../test/support/debian-suite.ts';
import { openSuite } from './mirror.ts';

let key: ArchiveKey;
let other: ArchiveKey;
beforeAll(async () => {
  [key, other] = await Promise.all([makeArchiveKey(), makeArchiveKey()]);
});

const { base } = standInDebs;
const inRelease = `${archiveAddress}/dists/trixie/InRelease`;
const setting = (changes: Partial<ReleaseSpec> = {}, signer = key) => makeSuite(key, changes, signer);

describe('a release file that is not to be trusted', () => {
  test('signed by a key that nobody named', async () => {
    const error = await failure(openTrixie(await setting({}, other)));
    expect(error).toMatchObject({ code: 'DEBIAN_KEY_UNKNOWN', hint: expect.stringContaining('keys') });
  });

  const alter = async (change: (text: string) => string) => {
    const here = await setting();
    const text = Buffer.from(here.mirror.files.get(inRelease) ?? []).toString('utf8');
    here.mirror.files.set(inRelease, Buffer.from(change(text)));
    return failure(openTrixie(here));
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
    expect(await failure(openTrixie(here))).toMatchObject({
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
    await openTrixie(here);
    const now = () => new Date('2026-11-22T12:00:02Z');
    expect(await failure(openTrixie(here, { now }))).toMatchObject({ code: 'DEBIAN_INDEX_EXPIRED' });
    const offline = here.context({ now, offline: true });
    await openSuite(offline, here.config, 'trixie', 'amd64');
    expect(offline.warnings).toEqual([expect.stringContaining('out of date')]);
  });

  test('older than what this mirror sent before, though it is still signed and valid', async () => {
    const here = await setting();
    await openTrixie(here);
    await here.mirror.publish(
      archiveAddress,
      { codename: 'trixie', debs: [base], date: 'Fri, 20 Nov 2026 09:15:44 UTC' },
      key,
    );
    for (let again = 0; again < 2; again++) {
      expect(await failure(openTrixie(here, { refresh: true }))).toMatchObject({ code: 'DEBIAN_INDEX_ROLLED_BACK' });
    }
  });

  test('that of another suite, well signed', async () => {
    const here = await setting({ codename: 'bookworm' });
    const text = here.mirror.files.get(`${archiveAddress}/dists/bookworm/InRelease`);
    here.mirror.files.set(inRelease, text ?? new Uint8Array(0));
    expect(await failure(openTrixie(here))).toMatchObject({
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
    expect(await failure(openTrixie(here))).toMatchObject({ code: 'DEBIAN_INDEX_INVALID' });
  });
});
