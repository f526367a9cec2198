import fc from 'fast-check';
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

/** Anything that fits into a line. */
const word = fc.string({ unit: 'binary' }).filter((text) => !/[\0\r\n]/.test(text));
const hard = fc.oneof(
  word,
  fc.constantFrom('', "'", '`', '\\', '--base', '--no-link', '<<EOF', "a' `b`", '(sha256:', '$(x)'),
);

test('whatever the settings hold, the first line is one line and gives them back', () => {
  const words = fc.array(hard, { minLength: 1, maxLength: 3 });
  const one = fc.tuple(hard);
  const settings = fc.record({ '--base': one, '--env': words, '--extra': words }, { requiredKeys: ['--base'] });
  fc.assert(
    fc.property(settings, (asked) => {
      const options = { variant: 'venv', platforms: ['linux/amd64'], asked } as const;
      const text = withMark('FROM x\n', flagsOf(options));
      expect(text.split('\n')).toHaveLength(3);
      expect(readFlags(text)).toEqual(options);
      expect(readMark(text)).toBe('own');
    }),
  );
});

test('a setting with a line break is refused', () => {
  const options = { variant: 'venv', platforms: ['linux/amd64'], asked: { '--extra': ['a\nRUN x'] } } as const;
  expect(() => flagsOf(options)).toThrow(expect.objectContaining({ code: 'DOCKERFILE_INEXPRESSIBLE' }));
});

test('a first line that somebody wrote by hand is read as far as it goes', () => {
  const first = (flags: string) => withMark('x', ` --variant uv${flags}`);
  expect(readFlags(first(' --base'))).toEqual({ variant: 'uv', platforms: [] });
  expect(readFlags(first(' --base --no-link'))?.asked).toEqual({ '--base': ['--no-link'] });
  expect(readFlags(first(' --base a --base b'))?.asked).toEqual({ '--base': ['a', 'b'] });
  fc.assert(fc.property(hard, (flags) => void readFlags(first(` ${flags}`))));
});
