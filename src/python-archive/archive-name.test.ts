import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseArchiveName, sortArchives } from './archive-name.ts';

const named = (filename: string) => {
  const name = parseArchiveName(filename);
  if (name === undefined) throw new Error(filename);
  return name;
};
const gnu = (version: string, release: string, rest = 'install_only.tar.gz', machine = 'x86_64') =>
  named(`cpython-${version}+${release}-${machine}-unknown-linux-gnu-${rest}`);

describe('names of archives', () => {
  test('say version, release, machine, C library and threads', () => {
    expect(named('cpython-3.12.7+20241016-x86_64-unknown-linux-gnu-install_only.tar.gz')).toMatchObject({
      fullVersion: '3.12.7',
      python: '3.12',
      release: '20241016',
      machine: 'x86_64',
      libc: 'gnu',
      isFreeThreaded: false,
      isStripped: false,
    });
    expect(
      named('cpython-3.14.0rc2+20250828-aarch64-unknown-linux-musl-freethreaded-install_only_stripped.tar.gz'),
    ).toMatchObject({ python: '3.14', machine: 'aarch64', libc: 'musl', isFreeThreaded: true, isStripped: true });
  });

  test.each([
    'cpython-3.13.1+20241205-x86_64-unknown-linux-gnu-pgo+lto-full.tar.zst',
    'cpython-3.13.1+20241205-x86_64-unknown-linux-gnu-debug-full.tar.zst',
    'cpython-3.13.1+20241205-aarch64-apple-darwin-install_only.tar.gz',
    'cpython-3.13.1+20241205-x86_64-pc-windows-msvc-install_only.tar.gz',
    'pypy3.10-v7.3.17-linux64.tar.bz2',
    'SHA256SUMS',
  ])('%s is no archive to install for Linux', (filename) => {
    expect(parseArchiveName(filename)).toBeUndefined();
  });

  test('any text is a name or none, and never an error', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseArchiveName(text)));
  });
});

describe('the archive that is taken', () => {
  const wish = { machine: 'x86_64', isFreeThreaded: false, allows: (python: string) => python !== '3.14' };
  const offered = [
    gnu('3.12.9', '20250205'),
    gnu('3.12.10', '20250409'),
    gnu('3.12.10', '20250517'),
    gnu('3.12.10', '20250517', 'install_only_stripped.tar.gz'),
    gnu('3.13.0rc3', '20250601'),
    gnu('3.14.0', '20251010'),
    gnu('3.12.12', '20251010', 'install_only.tar.gz', 'aarch64'),
    gnu('3.12.12', '20251010', 'install_only.tar.gz', 'x86_64_v3'),
    gnu('3.12.12', '20251010', 'freethreaded-install_only.tar.gz'),
    named('cpython-3.12.12+20251010-x86_64-unknown-linux-musl-install_only.tar.gz'),
  ];

  test('is the newest final one that fits machine, C library and project, in its newest release, stripped', () => {
    expect(sortArchives(offered, wish)[0]?.filename).toBe(
      'cpython-3.12.10+20250517-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz',
    );
  });

  test('is the patch version that the project pins, where it is there', () => {
    expect(sortArchives(offered, { ...wish, exact: '3.12.9' })[0]?.fullVersion).toBe('3.12.9');
    expect(sortArchives(offered, { ...wish, exact: '3.12.1' })[0]?.fullVersion).toBe('3.12.10');
  });

  test('is free-threaded only where that is wanted', () => {
    expect(sortArchives(offered, { ...wish, isFreeThreaded: true }).map((one) => one.isFreeThreaded)).toEqual([true]);
  });

  test('does not depend on the order in which they are offered', () => {
    const expected = sortArchives(offered, wish);
    fc.assert(
      fc.property(fc.shuffledSubarray(offered, { minLength: offered.length }), (shuffled) => {
        expect(sortArchives(shuffled, wish)).toEqual(expected);
      }),
    );
  });
});
