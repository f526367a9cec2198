import { beforeAll, describe, expect, test } from 'vitest';
import { type ArchiveKey, archiveAddress, makeArchiveKey } from '../../test/support/debian-mirror.ts';
import { failure, makeSuite } from '../../test/support/debian-suite.ts';
import type { Context } from '../base/context.ts';
import { type DebianMirrorConfig, openSuite } from './mirror.ts';
import { withMirrorFallback } from './mirror-fallback.ts';

let key: ArchiveKey;
let other: ArchiveKey;
beforeAll(async () => {
  [key, other] = await Promise.all([makeArchiveKey(), makeArchiveKey()]);
});

const near = 'https://near.example/debian';

/** The configured mirror, and a nearer one that has the same files. */
async function setting(signer = key) {
  const here = await makeSuite(key);
  const copy = await makeSuite(key, {}, signer);
  for (const [url, bytes] of copy.mirror.files) {
    here.mirror.files.set(url.replace('https://mirror.example/', 'https://near.example/'), bytes);
  }
  return here;
}

const open = (context: Context, configured: DebianMirrorConfig, preferred = near) =>
  withMirrorFallback(
    context,
    'near',
    'the packages of trixie',
    () => openSuite(context, { ...configured, mirror: preferred }, 'trixie', 'amd64'),
    () => openSuite(context, configured, 'trixie', 'amd64'),
  );

describe('a named mirror', () => {
  test('is asked alone while it serves', async () => {
    const here = await setting();
    const context = here.context();
    expect((await open(context, here.config)).find('bb')?.url).toMatch(/^https:\/\/near\.example\/debian\/pool\//);
    expect(here.mirror.asked.filter((url) => url.startsWith(archiveAddress))).toEqual([]);
    expect(context.warnings).toEqual([]);
  });

  test.each<[string, 'down' | 'cut' | 'error 503', string]>([
    ['down', 'down', 'near.example/debian/dists/trixie/InRelease'],
    ['failing', 'error 503', 'near.example/debian/dists/trixie/InRelease'],
    ['cut off in the middle', 'cut', 'near.example/debian/dists/trixie/main/binary-amd64/Packages.gz'],
  ])('that is %s: one warning, and the configured one', async (_name, fault, end) => {
    const here = await setting();
    here.mirror.faults.set(end, fault);
    const context = here.context();
    expect((await open(context, here.config)).find('bb')?.url).toContain(archiveAddress);
    expect(context.warnings).toEqual([expect.stringMatching(/`near` does not give the packages of trixie/)]);
  });

  test('that was down when the cache was filled: offline, the configured one again', async () => {
    const here = await setting();
    here.mirror.faults.set('near.example/debian/dists/trixie/InRelease', 'down');
    await open(here.context(), here.config);
    const context = here.context({ offline: true });
    expect((await open(context, here.config)).find('bb')?.url).toContain(archiveAddress);
    expect(context.warnings).toEqual([expect.stringMatching(/not in the cache/)]);
  });

  test('that lacks the suite: the same', async () => {
    const here = await setting();
    const context = here.context();
    expect((await open(context, here.config, 'https://empty.example/debian')).find('bb')).toBeDefined();
    expect(context.warnings).toHaveLength(1);
  });

  test('whose signature does not hold is an error, never passed over', async () => {
    const here = await setting(other);
    const context = here.context();
    expect(await failure(open(context, here.config))).toMatchObject({ code: 'DEBIAN_KEY_UNKNOWN' });
    expect(context.warnings).toEqual([]);
  });

  test('with nothing else configured fails with its own error', async () => {
    const here = await setting();
    here.mirror.faults.set('near.example/debian/dists/trixie/InRelease', 'down');
    const { mirror: _mirror, ...unset } = here.config;
    expect(await failure(open(here.context(), unset))).toMatchObject({ code: 'HTTP_FAILED', transient: true });
  });

  test('what is no fault of the mirror passes through', async () => {
    const context = (await setting()).context();
    const mistake = new TypeError('a mistake');
    const work = withMirrorFallback(
      context,
      'near',
      'anything',
      () => Promise.reject(mistake),
      () => Promise.resolve(1),
    );
    expect(await failure(work)).toBe(mistake);
  });
});
