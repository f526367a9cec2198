import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compatibleTags, type TagTarget } from './tags.ts';
import { chooseWheel, wheelNotFound } from './wheel-choice.ts';
import { parseWheelName, wheelNameOrProblem } from './wheel-name.ts';

const trixie: TagTarget = { python: '3.13', glibc: { major: 2, minor: 41 }, architecture: 'x86_64' };

function chosen(target: TagTarget, ...filenames: string[]): string | undefined {
  const choice = chooseWheel(
    filenames.map((filename) => ({ filename })),
    compatibleTags(target),
  );
  return choice.kind === 'wheel' ? choice.file.filename : undefined;
}

describe('compatibleTags', () => {
  test('begin with the interpreter and end with any', () => {
    const tags = compatibleTags(trixie);
    expect(tags.slice(0, 3)).toEqual([
      'cp313-cp313-linux_x86_64',
      'cp313-cp313-manylinux_2_41_x86_64',
      'cp313-cp313-manylinux_2_40_x86_64',
    ]);
    expect(tags.at(-1)).toBe('py30-none-any');
    expect(tags).toContain('cp32-abi3-manylinux1_x86_64');
    expect(tags).not.toContain('cp31-abi3-manylinux1_x86_64');
    expect(tags).not.toContain('cp313-cp313-manylinux_2_42_x86_64');
    expect(compatibleTags({ ...trixie, architecture: 'aarch64' })).not.toContain('cp313-cp313-manylinux_2_16_aarch64');
    expect(compatibleTags({ ...trixie, freeThreaded: true })).not.toContain('cp313-abi3-linux_x86_64');
  });

  test('a free-threaded Python takes its own extensions and pure wheels, never those of the other', () => {
    const target = { ...trixie, freeThreaded: true };
    const choose = (...tags: readonly string[]) =>
      chooseWheel(
        tags.map((tag) => ({ filename: `x-1-${tag}.whl` })),
        compatibleTags(target),
      );
    const own = 'cp313-cp313t-manylinux_2_28_x86_64';
    expect(
      choose('cp313-cp313-manylinux_2_28_x86_64', 'cp39-abi3-manylinux_2_28_x86_64', own, 'py3-none-any'),
    ).toMatchObject({
      kind: 'wheel',
      tag: own,
    });
    expect(choose('cp39-abi3-manylinux_2_28_x86_64', 'cp313-cp313-manylinux_2_28_x86_64')).toMatchObject({
      kind: 'none',
    });
    expect(choose('cp39-abi3-manylinux_2_28_x86_64', 'py3-none-any')).toMatchObject({ tag: 'py3-none-any' });
  });

  test.each(['3', '2.7', '3.13.1', '', '3.x', '4.0'])('Python %j is refused', (python) => {
    expect(() => compatibleTags({ ...trixie, python })).toThrowError(
      expect.objectContaining({ code: 'PYTHON_VERSION_INVALID' }),
    );
  });
});

describe('wheel file names', () => {
  test('parts and compressed tags', () => {
    expect(
      parseWheelName('Foo_Bar-1.0+cpu-2abc-py2.py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl'),
    ).toMatchObject({
      name: 'foo-bar',
      version: '1.0+cpu',
      build: { number: 2n, suffix: 'abc' },
      tags: [
        'py2-none-manylinux_2_17_x86_64',
        'py2-none-manylinux2014_x86_64',
        'py3-none-manylinux_2_17_x86_64',
        'py3-none-manylinux2014_x86_64',
      ],
    });
  });

  const many = Array.from({ length: 40 }, (_, index) => `a${index}`).join('.');
  test.each([
    '',
    '.whl',
    'a.whl',
    'a-1.whl',
    'a-1-py3-none-any.zip',
    'a-1-x-py3-none-any.whl',
    'a-x-py3-none-any.whl',
    'a__b-1-py3-none-any.whl',
    '../a-1-py3-none-any.whl',
    'a-1-py3..py2-none-any.whl',
    'a-1-py3-none-.whl',
    `a-1-${many}-${many}-${many}.whl`,
    'a-1-py3-none-any-1-2.whl',
  ])('%j is refused', (filename) => {
    expect(() => parseWheelName(filename)).toThrowError(expect.objectContaining({ code: 'WHEEL_NAME_INVALID' }));
  });

  test('random text never breaks it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => void wheelNameOrProblem(`${text}.whl`)),
      { numRuns: 300 },
    );
  });
});

describe('chooseWheel', () => {
  test('the more special tag wins, then the newer C library, then the higher build tag', () => {
    const pure = 'x-1-py3-none-any.whl';
    const abi3 = 'x-1-cp39-abi3-manylinux_2_17_x86_64.whl';
    const exact = 'x-1-cp313-cp313-manylinux_2_17_x86_64.whl';
    const newer = 'x-1-cp313-cp313-manylinux_2_28_x86_64.whl';
    expect(chosen(trixie, pure, abi3)).toBe(abi3);
    expect(chosen(trixie, pure, abi3, exact)).toBe(exact);
    expect(chosen(trixie, exact, newer, 'nonsense.whl')).toBe(newer);
    expect(chosen({ ...trixie, glibc: { major: 2, minor: 17 } }, exact, newer)).toBe(exact);
    expect(chosen(trixie, 'x-1-2-py3-none-any.whl', 'x-1-10-py3-none-any.whl', pure)).toBe('x-1-10-py3-none-any.whl');
  });

  test('none fits: the tags there are', () => {
    const files = [{ filename: 'x-1-cp312-cp312-win_amd64.whl' }, { filename: 'x-1.tar.gz' }];
    expect(chooseWheel(files, compatibleTags(trixie))).toMatchObject({
      kind: 'none',
      tags: ['cp312-cp312-win_amd64'],
      sdists: [files[1]],
    });
  });
});

describe('wheelNotFound', () => {
  test.each([
    [['x-1.tar.gz'], 'SDIST_ONLY', 'pip wheel'],
    [[], 'WHEEL_NOT_FOUND', 'pip wheel'],
    [
      ['x-1-cp311-cp311-manylinux_2_17_x86_64.whl', 'x-1-cp312-cp312-manylinux_2_17_x86_64.whl'],
      'WHEEL_NOT_FOUND',
      '3.11, 3.12',
    ],
    [['x-1-cp313-cp313-manylinux_2_17_aarch64.whl'], 'WHEEL_NOT_FOUND', 'linux/arm64'],
    [['x-1-cp313-cp313-manylinux_2_45_x86_64.whl'], 'WHEEL_NOT_FOUND', 'glibc 2.45'],
  ])('%j: %s says %s', (filenames, code, help) => {
    const error = wheelNotFound(
      'x',
      '1',
      filenames.map((filename) => ({ filename })),
      trixie,
    );
    expect(error).toMatchObject({ code, hint: expect.stringContaining(help) });
    for (const filename of filenames) {
      const shown = filename.endsWith('.whl') ? filename.slice(4, -4) : filename;
      expect(error.actual).toContain(shown);
    }
  });
});
