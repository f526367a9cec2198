import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { assertEnvironment, assertLabels, assertTag, parseWorkdir } from './image-settings.ts';

const where = 'tare.toml:3';
const refused = expect.objectContaining({ code: 'CONFIG_INVALID', where });

test('the name of an image that is to be built names no digest', () => {
  for (const tag of ['shop', 'shop:1.0', 'registry.example:5000/team/shop:1', 'docker://registry.example/shop']) {
    expect(() => assertTag(tag, where)).not.toThrow();
  }
  expect(() => assertTag(`shop@sha256:${'a'.repeat(64)}`, where)).toThrow(refused);
  expect(() => assertTag('Shop Number 1', where)).toThrow(
    expect.objectContaining({ code: 'REFERENCE_INVALID', where }),
  );
});

describe('the working folder', () => {
  test.each([
    ['/app', '/app'],
    ['/app/', '/app'],
    ['/srv//a/./b/', '/srv/a/b'],
    ['/usr/src/app', '/usr/src/app'],
    ['/home/nonroot', '/home/nonroot'],
    ['/library', '/library'],
  ])('%s', (text, folder) => {
    expect(parseWorkdir(text, where)).toBe(folder);
  });

  test.each([
    ...['', 'app', './app', '/', '/usr', '/etc/app', '/bin/x', '/lib/app', '/proc/1', '/a/..', '/a/../usr/bin/x'],
    ...['/opt/venv', '/var/run/app', '/a\0b', '/a\nb'],
    // A read-only run mounts an empty one.
    '/tmp/app',
  ])('`%s` is refused', (text) => {
    expect(() => parseWorkdir(text, where)).toThrow(refused);
  });

  test('any text gives an absolute folder without ways out, or the error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[/.a-z]{0,12}$/)), (text) => {
        try {
          expect(parseWorkdir(text, where)).toMatch(/^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/s);
        } catch (error) {
          if (!isTareError(error)) throw error;
        }
      }),
    );
  });
});

test.each([{ '': 'x' }, { 'A=B': 'x' }, { 'A B': 'x' }, { A: 'x\0y' }, { 'A\0': 'x' }])(
  'variables %o are refused',
  (env) => {
    expect(() => assertEnvironment(env, where)).toThrow(refused);
  },
);

test('other variables stay as they are, but a value that is refused is not shown', () => {
  const env = { A: '', 'b.c': 'x=y z', lower: 'ü\n' };
  expect(assertEnvironment(env, where)).toBe(env);
  expect(() => assertEnvironment({ TOKEN: 'secret\0' }, where)).not.toThrow(/secret/);
});

test('labels of others are free, those of tare are its own', () => {
  const labels = { 'org.opencontainers.image.title': 'Shop', 'example.tare.debug': '' };
  expect(assertLabels(labels, where)).toBe(labels);
  for (const name of ['tare.debug', 'tare.read-only', 'tare.x', '', ' '])
    expect(() => assertLabels({ [name]: 'true' }, where)).toThrow(refused);
});
