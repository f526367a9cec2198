import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { parseBuildSystem } from './build-system.ts';

const legacy = { backend: 'setuptools.build_meta:__legacy__', isLegacy: true, backendPath: [] };

describe('what a source is built with', () => {
  test.each([
    ['no pyproject.toml', undefined],
    ['one that says nothing of building', '[project]\nname = "a"\n'],
  ])('%s: setuptools, as pip and uv do it', (_title, text) => {
    expect(parseBuildSystem(text, 'a')).toEqual({ ...legacy, requires: ['setuptools>=40.8.0'] });
  });

  test('requirements without a backend are setuptools with these', () => {
    const text = '[build-system]\nrequires = ["setuptools", "cython<3"]\n';
    expect(parseBuildSystem(text, 'a')).toEqual({ ...legacy, requires: ['setuptools', 'cython<3'] });
  });

  test('a backend of its own', () => {
    const text =
      '[build-system]\nrequires = []\nbuild-backend = "own.build:Backend.hooks"\nbackend-path = ["tools", "."]\n';
    expect(parseBuildSystem(text, 'a')).toEqual({
      requires: [],
      backend: 'own.build:Backend.hooks',
      backendPath: ['tools', '.'],
      isLegacy: false,
    });
  });
});

describe('what is refused', () => {
  test.each([
    ['[build-system]\nrequires = "x"\n', 'SDIST_INVALID'],
    ['[build-system]\nrequires = []\nbuild-backend = "os; import x"\n', 'SDIST_INVALID'],
    ['[build-system]\nrequires = []\nbuild-backend = "a"\nbackend-path = ["../x"]\n', 'SDIST_INVALID'],
    ['[build-system]\nrequires = []\nbuild-backend = "a"\nbackend-path = ["/x"]\n', 'SDIST_INVALID'],
    ['[build-system', 'TOML_INVALID'],
  ])('%s', (text, code) => {
    expect(() => parseBuildSystem(text, 'a')).toThrowError(expect.objectContaining({ code }));
  });

  test('any text gives a build system or an error of the family', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, isTable) => {
        try {
          const system = parseBuildSystem(isTable ? `[build-system]\n${text}` : text, 'a');
          expect(system.backend).toMatch(/^[\w.:]+$/);
        } catch (error) {
          expect(isTareError(error), String(error)).toBe(true);
        }
      }),
    );
  });
});
