import { expect, test } from 'vitest';
import { parseDigest } from '../base/digest.ts';
import type { LockedDistribution } from '../python/locked.ts';
import { parsePackageName } from '../python/package-name.ts';
import { resolveWheels, type WheelLookup } from './wheels.ts';

const sha256 = parseDigest(`sha256:${'a'.repeat(64)}`);
const filename = 'demo-1.0-py3-none-any.whl';
const locked: LockedDistribution = {
  name: parsePackageName('demo'),
  version: '1.0',
  files: [{ kind: 'wheel', filename, sha256, url: `https://lock.example/${filename}` }],
  hashes: [],
  source: { kind: 'index' },
  extras: [],
  because: { rule: 'the lock' },
};
const target = { python: '3.13', glibc: { major: 2, minor: 41 }, architecture: 'x86_64' } as const;
const lookup: WheelLookup = {
  indexFiles: async () => [],
  sha256: async () => undefined,
  mirrored: async () => undefined,
  fileUrl: (path) => `file:///${path}`,
};

const urlOf = async (distribution: LockedDistribution, mirrored: WheelLookup['mirrored']) =>
  (await resolveWheels([distribution], target, { ...lookup, mirrored })).wheels[0]?.url;

test('a file of a lock comes from the mirror that has it, else from where the lock says', async () => {
  const onMirror: WheelLookup['mirrored'] = async (name, file) =>
    `https://mirror.example/${name}/${file.filename}?${file.sha256 === sha256}`;
  expect(await urlOf(locked, onMirror)).toBe(`https://mirror.example/demo/${filename}?true`);
  expect(await urlOf(locked, async () => undefined)).toBe(`https://lock.example/${filename}`);
});

test('a file beside the project, or at an address of its own, does not', async () => {
  const direct: LockedDistribution = { ...locked, source: { kind: 'url', url: `https://lock.example/${filename}` } };
  expect(await urlOf(direct, async () => 'https://mirror.example/')).toBe(`https://lock.example/${filename}`);
  const beside: LockedDistribution = {
    ...locked,
    files: [{ kind: 'wheel', filename, sha256, path: `wheels/${filename}` }],
  };
  expect(await urlOf(beside, async () => 'https://mirror.example/')).toBe(`file:///wheels/${filename}`);
});
