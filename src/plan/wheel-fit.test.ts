import { describe, expect, test } from 'vitest';
import { sha256 } from '../base/digest.ts';
import type { LockedDistribution } from '../python/locked.ts';
import { parsePackageName } from '../python/package-name.ts';
import type { TagTarget } from '../python/tags.ts';
import { compareWheels } from './wheel-fit.ts';
import type { WheelLookup } from './wheels.ts';

const nothingElse: WheelLookup = {
  indexFiles: async () => [],
  sha256: async () => undefined,
  mirrored: async () => undefined,
  fileUrl: (path) => `file:///${path}`,
};

function locked(name: string, ...filenames: readonly string[]): LockedDistribution {
  return {
    name: parsePackageName(name),
    version: '1',
    files: filenames.map((filename) => ({
      filename,
      sha256: sha256(filename),
      url: `https://index.example/${filename}`,
      kind: filename.endsWith('.whl') ? 'wheel' : 'sdist',
    })),
    hashes: [],
    source: { kind: 'index' },
    extras: [],
    because: { rule: 'a test' },
  };
}

const distributions = [
  locked('pure', 'pure-1-py3-none-any.whl'),
  locked('native', 'native-1-cp313-cp313-manylinux_2_28_x86_64.whl'),
  locked('both', 'both-1-cp313-cp313-manylinux_2_17_x86_64.whl', 'both-1-cp313-cp313-musllinux_1_2_x86_64.whl'),
  locked('source', 'source-1.tar.gz'),
];
const glibc: TagTarget = { python: '3.13', glibc: { major: 2, minor: 41 }, architecture: 'x86_64' };
const missingOn = async (target: TagTarget) => (await compareWheels(distributions, target, nothingElse)).missing;

describe('which wheels fit a base', () => {
  test('glibc: all but what is only there as source', async () => {
    expect(await compareWheels(distributions, glibc, nothingElse)).toEqual({
      total: 4,
      missing: [{ name: 'source', reason: 'only its source' }],
    });
  });

  test('an older glibc, another Python, another processor', async () => {
    const names = async (target: TagTarget) => (await missingOn(target)).map((one) => one.name);
    expect(await names({ ...glibc, glibc: { major: 2, minor: 17 } })).toEqual(['native', 'source']);
    expect(await names({ ...glibc, python: '3.12' })).toEqual(['both', 'native', 'source']);
    expect(await missingOn({ ...glibc, architecture: 'aarch64' })).toContainEqual({
      name: 'native',
      reason: 'no wheel for aarch64',
    });
  });

  test('musl: what is pure, and what has a musllinux wheel', async () => {
    expect(await missingOn({ ...glibc, musl: { major: 1, minor: 2 } })).toEqual([
      { name: 'native', reason: 'no musllinux wheel' },
      { name: 'source', reason: 'only its source' },
    ]);
    expect(await missingOn({ ...glibc, musl: { major: 1, minor: 1 } })).toHaveLength(3);
  });

  test('what the index does not have is said, and ends nothing', async () => {
    const hashesOnly = { ...locked('gone'), hashes: [sha256('x')] };
    const fit = await compareWheels([hashesOnly], glibc, nothingElse);
    expect(fit.missing).toEqual([{ name: 'gone', reason: 'the index has no `gone 1`' }]);
  });
});
