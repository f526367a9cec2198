import { describe, expect, test } from 'vitest';
import { hostPlatform, isSamePlatform, parsePlatform, renderPlatform } from './platform.ts';

describe('platforms are normalised', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/arm64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['Linux/AMD64', 'linux/amd64'],
    ['amd64', 'linux/amd64'],
    ['aarch64', 'linux/arm64'],
    ['windows/amd64', 'windows/amd64'],
    ['macos/arm64', 'darwin/arm64'],
  ])('%s is %s', (text, expected) => {
    expect(renderPlatform(parsePlatform(text))).toBe(expected);
    expect(isSamePlatform(parsePlatform(text), parsePlatform(expected))).toBe(true);
  });

  test.each([
    '',
    'linux',
    '/',
    'linux/',
    '/amd64',
    'linux/amd64/v1/x',
    'linux amd64',
    'linux/amd64\n/x',
    'linux/../amd64',
    'x'.repeat(1000),
  ])('%j is none', (text) => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'PLATFORM_INVALID' }));
  });

  test('containers are Linux on every host', () => {
    expect(renderPlatform(hostPlatform({ platform: 'darwin', arch: 'arm64' }))).toBe('linux/arm64');
    expect(renderPlatform(hostPlatform({ platform: 'win32', arch: 'x64' }))).toBe('linux/amd64');
    expect(renderPlatform(hostPlatform({ platform: 'linux', arch: 'ia32' }))).toBe('linux/386');
  });
});
