import { expect, test } from 'vitest';
import { flagsOf, readFlags, readMark, withMark } from './mark.ts';

test('a file of tare is known as its own until somebody changes it', () => {
  const text = withMark('FROM x AS y\n', ' --variant venv');
  expect(readMark(text)).toBe('own');
  expect(readMark(text.replace('FROM x', 'FROM z'))).toBe('edited');
  expect(readMark('FROM x AS y\n')).toBe('foreign');
  expect(readMark('')).toBe('foreign');
});

test('how it was asked for can be read from it', () => {
  for (const options of [
    { variant: 'venv', platforms: ['linux/amd64', 'linux/arm/v7'] },
    { variant: 'plain', comments: 'none', platforms: ['linux/arm64'] },
    { variant: 'uv', comments: 'brief', link: false, platforms: ['linux/amd64'] },
  ] as const) {
    expect(readFlags(withMark('x', flagsOf(options)))).toEqual(options);
  }
  expect(readFlags('FROM x')).toBeUndefined();
});
