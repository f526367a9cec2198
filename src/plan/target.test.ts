import { describe, expect, test } from 'vitest';
import { multiarchNames } from '../root/multiarch.ts';
import { parseArchitecture, targetMarkerEnvironment } from './target.ts';

const all = [
  'linux/amd64',
  'linux/arm64',
  'linux/arm/v7',
  'linux/386',
  'linux/ppc64le',
  'linux/riscv64',
  'linux/s390x',
];

describe('the architecture of a platform', () => {
  test.each([
    ['linux/amd64', 'amd64', 'x86_64'],
    ['linux/arm64', 'arm64', 'aarch64'],
    ['linux/arm/v7', 'armhf', 'armv7l'],
    ['linux/386', 'i386', 'i686'],
    ['linux/ppc64le', 'ppc64el', 'ppc64le'],
    ['linux/riscv64', 'riscv64', 'riscv64'],
    ['linux/s390x', 's390x', 's390x'],
  ])('%s is what Debian calls %s and Python %s', (platform, debian, machine) => {
    expect(parseArchitecture(platform)).toEqual({ platform, debian, machine });
    expect(multiarchNames.has(debian)).toBe(true);
    expect(targetMarkerEnvironment(platform, '3.13', undefined).platform_machine).toBe(machine);
  });

  test.each([
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['armhf', 'linux/arm/v7'],
    ['x86_64', 'linux/amd64'],
  ])('%s is another name of %s', (name, platform) => {
    expect(parseArchitecture(name).platform).toBe(platform);
  });

  test.each(['linux/mips64le', 'linux/arm/v6', 'windows/amd64', 'linux/amd64/v3'])(
    '%s lists those there are',
    (name) => {
      expect(() => parseArchitecture(name)).toThrow(
        expect.objectContaining({ code: 'PLATFORM_UNSUPPORTED', expected: `one of ${all.join(', ')}` }),
      );
    },
  );
});
