import { describe, expect, test } from 'vitest';
import type { PythonFact } from '../project/facts.ts';
import { parsePythonWish } from '../project/detect/python-version.ts';
import { allowsPython, pythonSuffix, resolvePython, sitePackagesOf } from './python.ts';

const wish = (text: string, rule = '`.python-version`'): PythonFact =>
  parsePythonWish(text, { file: 'x', line: 1, rule });
const offered = [
  { python: '3.11', origin: 'Debian bookworm' },
  { python: '3.13', origin: 'Debian trixie' },
];

describe('which Python fits', () => {
  test.each([
    ['3.12', '3.12', false, true],
    ['3.12.4', '3.12', false, true],
    ['>=3.10,<3.13', '3.12', false, true],
    ['>=3.10,<3.13', '3.13', false, false],
    ['3.13t', '3.13', false, false],
    ['3.13t', '3.13', true, true],
    ['3.13t', '3.14', true, false],
    ['3.13', '3.13', true, true],
  ])('%s and %s, free-threaded %s: %s', (text, python, isFreeThreaded, expected) => {
    expect(allowsPython(wish(text), python, isFreeThreaded)).toBe(expected);
  });

  test('a free-threaded one is not had where only others are offered', () => {
    expect(() => resolvePython(wish('3.13t'), offered)).toThrow(
      expect.objectContaining({
        code: 'PYTHON_UNSUPPORTED',
        actual: '3.13t',
        message: expect.stringContaining('3.13t'),
      }),
    );
  });
});

describe('a Python that nobody has', () => {
  const failure = (python: PythonFact) => {
    try {
      resolvePython(python, offered, ['first', 'second']);
    } catch (error) {
      return error;
    }
    throw new Error('it was had');
  };

  test('another is offered where this one is only pinned, never where the project is bound to it', () => {
    expect(failure(wish('3.12'))).toMatchObject({
      expected: '3.13 (Debian trixie) or 3.11 (Debian bookworm)',
      hint: expect.stringMatching(/^choose one of them with `--python 3\.13`.*, or first, or second$/),
    });
    expect(failure(wish('==3.12.*', '`requires-python`'))).toMatchObject({ hint: 'first, or second' });
    expect(failure(wish('<3.11'))).toMatchObject({ hint: 'first, or second' });
  });
});

test('folders of a free-threaded Python have a name of their own', () => {
  const python = { version: '3.13', prefix: '/opt/venv' };
  expect(sitePackagesOf({ ...python, abi: 'cp313' })).toBe('/opt/venv/lib/python3.13/site-packages');
  expect(sitePackagesOf({ ...python, abi: 'cp313t' })).toBe('/opt/venv/lib/python3.13t/site-packages');
  expect(pythonSuffix({ version: '3.13', abi: 'cp313t' })).toBe('3.13t');
});
