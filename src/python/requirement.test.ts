import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { evaluateMarker, markerEnvironment, parseMarker, renderMarker } from './marker.ts';
import { parseRequirement, renderRequirement } from './requirement.ts';

const environment = markerEnvironment({ python: '3.13', fullVersion: '3.13.5', architecture: 'aarch64' });

describe('markers', () => {
  test.each([
    ["python_version >= '3.9'", true],
    ["python_version < '3.9'", false],
    ["'3.9' <= python_version", true],
    ["python_full_version == '3.13.*'", true],
    ["sys_platform == 'linux' and platform_machine != 'x86_64'", true],
    ["os_name == 'nt' or (sys_platform == 'linux' and implementation_name == 'cpython')", true],
    ["os_name == 'nt' and sys_platform == 'linux' or platform_system == 'Linux'", true],
    ["platform_machine in 'aarch64 arm64'", true],
    ["platform_machine not in 'aarch64 arm64'", false],
    ["python_version in '3.12, 3.13'", true],
    ["platform_release >= '4'", false],
    ["python_implementation == 'CPython'", true],
    ["os.name == 'posix'", true],
    ["extra == 'Test_Extra'", true],
    ["extra == 'other'", false],
    ["extra != 'other'", true],
    ["'test.extra' in extras", true],
    ["'dev' in dependency_groups", true],
    ["'docs' not in dependency_groups", true],
  ])('%s: %s', (text, holds) => {
    expect(evaluateMarker(parseMarker(text), environment, new Set(['test-extra']), new Set(['dev']))).toBe(holds);
  });

  test('several extras at once, as the conflict markers of uv want it', () => {
    const marker = parseMarker("extra == 'a' and extra == 'b' and extra != 'c'");
    expect(evaluateMarker(marker, environment, new Set(['a', 'b']))).toBe(true);
    expect(evaluateMarker(marker, environment, new Set(['a', 'b', 'c']))).toBe(false);
  });

  test.each([
    ['', 'column 1'],
    ["python_version >= '3", 'column 19'],
    ["python_version '3'", 'column 16'],
    ["(os_name == 'nt'", 'column 17'],
    ["os_name == 'nt' or", 'column 19'],
    ["os_name == 'nt' xor os_name == 'posix'", 'column 17'],
    ["nonsense == '1'", 'column 1'],
    [`${'('.repeat(5000)}os_name == 'nt'${')'.repeat(5000)}`, 'nested'],
  ])('%j is refused at its place', (text, place) => {
    expect(() => parseMarker(text, 'x:1')).toThrowError(
      expect.objectContaining({ code: 'MARKER_INVALID', where: 'x:1', expected: expect.stringContaining(place) }),
    );
  });

  test('a comparison that means nothing says so', () => {
    expect(() => evaluateMarker(parseMarker("os_name ~= 'nt'"), environment)).toThrowError(
      expect.objectContaining({ code: 'MARKER_UNDEFINED' }),
    );
  });

  test('a long marker is read in one go, and reads back the same', () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `python_version != '3.${index}'`).join(' and ');
    expect(evaluateMarker(parseMarker(text), environment)).toBe(false);
    expect(renderMarker(parseMarker("(os_name == 'nt' or os_name == \"it's\") and extra == 'a'"))).toBe(
      "(os_name == 'nt' or os_name == \"it's\") and extra == 'a'",
    );
  });
});

describe('requirements', () => {
  test.each([
    ['A', 'a'],
    ['A.B-C_D', 'a-b-c-d'],
    ['name<=1', 'name<=1'],
    ['name (>=3,<4)', 'name<4,>=3'],
    ['name [ Fred , bar_x ] >= 3 , < 4', 'name[bar-x,fred]<4,>=3'],
    ["name[quux];os_name=='nt'", "name[quux] ; os_name == 'nt'"],
    ['name@https://a.example/b;c ; os_name == "nt"', "name @ https://a.example/b;c ; os_name == 'nt'"],
    ['name[a] @ file:///x/y.whl', 'name[a] @ file:///x/y.whl'],
    [
      'pip @ git+https://a.example/pip.git@main#egg=pip&subdirectory=x',
      'pip @ git+https://a.example/pip.git@main#egg=pip&subdirectory=x',
    ],
  ])('%s', (text, normal) => {
    expect(renderRequirement(parseRequirement(text))).toBe(normal);
  });

  test.each([
    '',
    '  ',
    '>=1',
    'name >=',
    'name 1.0',
    'name[',
    'name[a',
    'name[a b]',
    'name @',
    "name @ https://x ; os_name == 'nt' zzz",
    'name ;',
    'name>=1;',
    'name[a,]',
    'na me',
    '[a]',
    'name>=1.*',
    'näme',
  ])('%j is refused', (text) => {
    expect(() => parseRequirement(text, 'requirements.txt:7')).toThrowError(
      expect.objectContaining({ code: 'REQUIREMENT_INVALID', where: 'requirements.txt:7' }),
    );
  });

  test('a password in an address does not reach the message', () => {
    expect(() => parseRequirement('name @ https://user:secret@a.example/x zzz')).toThrowError(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    );
  });

  test('random text: a requirement, or an error of the family', () => {
    const shaped = fc.stringMatching(/^[a-z[\](){};@,.<>=!~'" 0-9_-]{0,60}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), shaped), (text) => {
        try {
          const parsed = parseRequirement(text);
          expect(renderRequirement(parseRequirement(renderRequirement(parsed)))).toBe(renderRequirement(parsed));
        } catch (error) {
          if (!isTareError(error)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
