import { expect, test } from 'vitest';
import { sha256 } from '../base/digest.ts';
import { findConflicts } from './wheel-conflicts.ts';

const file = (path: string, content: string) => ({ path, sha256: sha256(content), size: content.length });

test('different content at one path is a conflict that the last installed wins', () => {
  const wheels = [
    {
      name: 'a',
      files: [file('site/z.py', '1'), file('site/tests/__init__.py', 'a'), file('site/ns/__init__.py', '')],
    },
    {
      name: 'b',
      files: [file('site/z.py', '2'), file('site/tests/__init__.py', 'b'), file('site/ns/__init__.py', '')],
    },
    { name: 'c', files: [file('site/tests/__init__.py', 'a')] },
  ];
  expect(findConflicts(wheels)).toEqual([
    { path: 'site/tests/__init__.py', owners: ['a', 'b', 'c'], winner: 'c' },
    { path: 'site/z.py', owners: ['a', 'b'], winner: 'b' },
  ]);
  expect(findConflicts([])).toEqual([]);
});

test('a file where another has a folder is refused', () => {
  const wheels = [
    { name: 'a', files: [file('site/x/y.py', '1')] },
    { name: 'b', files: [file('site/x', '1')] },
  ];
  expect(() => findConflicts(wheels)).toThrow(expect.objectContaining({ code: 'WHEEL_PATH_CLASH', where: 'site/x' }));
  expect(() => findConflicts(wheels.toReversed())).toThrow(/`b`.*`a`/);
});
