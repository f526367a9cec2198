import { describe, expect, test } from 'vitest';
import { expandDependencyGroups } from './dependency-groups.ts';

describe('expandDependencyGroups', () => {
  test('includes are replaced where they stand, names are normalised', () => {
    const groups = { test: ['pytest', { 'include-group': 'Lint_Tools' }, 'cov'], 'lint-tools': ['ruff'], none: [] };
    expect(expandDependencyGroups(groups)).toEqual({
      test: ['pytest', 'ruff', 'cov'],
      'lint-tools': ['ruff'],
      none: [],
    });
    expect(expandDependencyGroups(undefined)).toEqual({});
  });

  const doubling = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `g${index}`,
      index === 39 ? ['x'] : [{ 'include-group': `g${index + 1}` }, { 'include-group': `g${index + 1}` }],
    ]),
  );
  test.each([
    [{ a: [{ 'include-group': 'b' }], b: [{ 'include-group': 'a' }] }, 'a → b → a'],
    [{ a: [{ 'include-group': 'a' }] }, 'a → a'],
    [{ a: [{ 'include-group': 'gone' }] }, '`gone`'],
    [{ a: [{ 'include-group': 'b', other: 1 }], b: [] }, 'neither'],
    [{ a: [7] }, 'neither'],
    [{ a: 'pytest' }, 'not a list'],
    [{ a_b: [], 'A-B': [] }, 'one name'],
    [[], 'not a table'],
    [doubling, 'too large'],
  ])('%j is refused: %s', (table, reason) => {
    expect(() => expandDependencyGroups(table, 'pyproject.toml')).toThrowError(
      expect.objectContaining({
        code: 'DEPENDENCY_GROUP_INVALID',
        where: 'pyproject.toml',
        message: expect.stringContaining(reason),
      }),
    );
  });
});
