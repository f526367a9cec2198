import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { isPackageNameText, parsePackageName } from './package-name.ts';
import { filterVersions, parseSpecifierSet, renderSpecifierSet, specifierContains } from './specifier.ts';
import { compareVersions, isSameVersion, parseVersion, renderVersion, versionOrUndefined } from './version.ts';

describe('parsePackageName', () => {
  test.each([
    ['friendly-bard', 'friendly-bard'],
    ['Friendly-Bard', 'friendly-bard'],
    ['FRIENDLY-BARD', 'friendly-bard'],
    ['friendly.bard', 'friendly-bard'],
    ['friendly_bard', 'friendly-bard'],
    ['friendly--bard', 'friendly-bard'],
    ['FrIeNdLy-._.-bArD', 'friendly-bard'],
    ['3', '3'],
  ])('%s becomes %s', (text, name) => {
    expect(parsePackageName(text)).toBe(name);
  });

  test.each(['', '-a', 'a-', '.', 'a b', 'é', 'a/b', 'a\n', '../a', 'ſ', 'a'.repeat(1001)])('%j is refused', (text) => {
    expect(isPackageNameText(text)).toBe(false);
    expect(() => parsePackageName(text, 'here:1')).toThrowError(
      expect.objectContaining({ code: 'PACKAGE_NAME_INVALID', where: 'here:1' }),
    );
  });
});

describe('versions', () => {
  test('sort in the order of the specification', () => {
    const ordered = [
      '1.dev0',
      '1.0.dev456',
      '1.0a1',
      '1.0a2.dev456',
      '1.0a12.dev456',
      '1.0a12',
      '1.0b1.dev456',
      '1.0b2',
      '1.0b2.post345.dev456',
      '1.0b2.post345',
      '1.0rc1.dev456',
      '1.0rc1',
      '1.0',
      '1.0+abc.5',
      '1.0+abc.7',
      '1.0+5',
      '1.0.post456.dev34',
      '1.0.post456',
      '1.0.15',
      '1.1.dev1',
      '1.10',
      '2024.1',
      '1!0.1',
    ];
    const shuffled = [...ordered]
      .reverse()
      .sort((left, right) => compareVersions(parseVersion(left), parseVersion(right)));
    expect(shuffled).toEqual(ordered);
  });

  test.each([
    ['v1.0', '1.0'],
    ['1.0-ALPHA.1', '1.0a1'],
    ['1.0_preview', '1.0rc0'],
    ['1.0-1', '1.0.post1'],
    ['1.0.r4', '1.0.post4'],
    ['1.0+Ubuntu-1_2', '1.0+ubuntu.1.2'],
    ['0!01.002.0', '1.2.0'],
    ['99999999999999999999999.1', '99999999999999999999999.1'],
  ])('%s in normal form is %s', (text, normal) => {
    expect(renderVersion(parseVersion(text))).toBe(normal);
  });

  test.each(['', 'x', '1.', '1..2', '1.0+', '1.0+a+b', '1.0-x', '١.٠', '1 .0', `1${'.1'.repeat(600)}`, '\0', '1.0*'])(
    '%j is refused',
    (text) => {
      expect(() => parseVersion(text)).toThrowError(expect.objectContaining({ code: 'VERSION_INVALID' }));
    },
  );

  test('trailing zeros do not matter, and texts that are no versions are compared as they are', () => {
    expect(isSameVersion('1.0', '1.0.0')).toBe(true);
    expect(isSameVersion('1.0', '1.0+cpu')).toBe(false);
    expect(isSameVersion('banana', 'banana')).toBe(true);
  });

  test('hostile lengths end at once', () => {
    const text = `1.0${'.dev'.repeat(100_000)}`;
    expect(versionOrUndefined(text)).toBeUndefined();
  });
});

describe('specifiers', () => {
  test.each([
    ['~=2.2', '2.99', true],
    ['~=2.2', '3.0', false],
    ['~=1.4.5.0', '1.4.6', false],
    ['==1.1', '1.1+local', true],
    ['==1.1+other', '1.1+local', false],
    ['==1.1.*', '1.1a1', true],
    ['!=1.1.*', '1.1.post1', false],
    ['>1.7', '1.7.0.post1', false],
    ['>1.7', '1.7.1', true],
    ['>1.7.post2', '1.7.post3', true],
    ['<3', '3.0rc1', false],
    ['<3rc2', '3.0rc1', true],
    ['<=1.0', '1.0+cpu', true],
    ['===foobar', 'FOOBAR', true],
    ['===1.0', '1.0.0', false],
    ['>=1,<2,!=1.5', '1.5', false],
    ['', '7', true],
  ])('%j and %s: %s', (set, version, allowed) => {
    expect(specifierContains(parseSpecifierSet(set), version)).toBe(allowed);
  });

  test('pre-releases', () => {
    const names = (set: string, ...versions: string[]): string[] =>
      filterVersions(
        parseSpecifierSet(set),
        versions.map((text) => parseVersion(text)),
      ).map(renderVersion);
    expect(names('>=1', '1.0', '2.0rc1')).toEqual(['1.0']);
    expect(names('>=1.5', '1.0', '2.0rc1')).toEqual(['2.0rc1']);
    expect(names('>=1.0rc1', '1.0', '2.0rc1')).toEqual(['1.0', '2.0rc1']);
    expect(specifierContains(parseSpecifierSet('>=1'), '2.0rc1', { prereleases: false })).toBe(false);
  });

  test.each(['1.0', '>', '=>1', '==1.*.2', '>=1.*', '~=1', '>=1+local', '==1.0a1.*', '>=1 <2', '=== a b', '>=1;'])(
    '%j is refused',
    (text) => {
      expect(() => parseSpecifierSet(text, 'pyproject.toml:3')).toThrowError(
        expect.objectContaining({ code: 'SPECIFIER_INVALID', where: 'pyproject.toml:3' }),
      );
    },
  );

  test('one normal form', () => {
    expect(renderSpecifierSet(parseSpecifierSet(' < 2 , >= 1.0-alpha'))).toBe(
      renderSpecifierSet(parseSpecifierSet('>=1.0a0,<2')),
    );
  });

  test('random text: a set, or SPECIFIER_INVALID', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[<>=!~,.*+0-9a-z -]{0,40}$/)), (text) => {
        try {
          specifierContains(parseSpecifierSet(text), text);
        } catch (error) {
          expect(isTareError(error) && error.code).toBe('SPECIFIER_INVALID');
        }
      }),
      { numRuns: 500 },
    );
  });
});
