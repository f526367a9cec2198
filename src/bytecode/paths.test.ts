import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cachedPath, isSource, sourcelessPath, sourceOfCached } from './paths.ts';

test('bytecode goes where an interpreter looks for it (PEP 3147)', () => {
  expect(cachedPath('app/pkg/mod.py', 'cpython-313')).toBe('app/pkg/__pycache__/mod.cpython-313.pyc');
  expect(cachedPath('mod.py', 'cpython-313')).toBe('__pycache__/mod.cpython-313.pyc');
  expect(cachedPath('a/x.y.py', 'cpython-39')).toBe('a/__pycache__/x.y.cpython-39.pyc');
  expect(sourcelessPath('app/pkg/mod.py')).toBe('app/pkg/mod.pyc');
});

test.each([
  ['pkg/__pycache__/mod.cpython-311.pyc', 'pkg/mod.py'],
  ['__pycache__/mod.cpython-311.opt-2.pyc', 'mod.py'],
  ['pkg/__pycache__/mod.pypy39.pyc', 'pkg/mod.py'],
  ['pkg/mod.pyc', undefined],
  ['pkg/__pycache__/mod.pyc', undefined],
  ['pkg/__pycache__/mod.cpython-311.pyc.tmp', undefined],
])('%s is made from %s', (path, source) => {
  expect(sourceOfCached(path)).toBe(source);
});

test('only files that end in `.py` are modules', () => {
  expect(['a.py', 'a/b.py'].filter(isSource)).toEqual(['a.py', 'a/b.py']);
  expect(['a.pyi', 'a.pyc', '.py', 'a/.py', 'a.py.txt', 'py'].filter(isSource)).toEqual([]);
});

test('every module is found again from its bytecode', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,12}$/);
  fc.assert(
    fc.property(fc.array(name, { maxLength: 3 }), name, (folders, module) => {
      const source = [...folders, `${module}.py`].join('/');
      expect(sourceOfCached(cachedPath(source, 'cpython-313'))).toBe(source);
    }),
  );
});
