import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { askPackaging as ask, packagingMajor } from '../../test/support/packaging-oracle.ts';
import { isTareError } from '../base/errors.ts';
import { evaluateMarker, markerEnvironment, parseMarker } from './marker.ts';
import { parseRequirement } from './requirement.ts';
import { parseSpecifierSet, renderSpecifierSet, specifierContains } from './specifier.ts';
import { compatibleTags, type Machine, machinePlatforms } from './tags.ts';
import { compareVersions, parseVersion, renderVersion, versionOrUndefined } from './version.ts';
import { wheelNameOrProblem } from './wheel-name.ts';

/** The same generated cases in every run. */
function sample<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { numRuns: count, seed: 20_250_101 });
}

const small = fc.integer({ min: 0, max: 3 }).map(String);
const separator = fc.constantFrom('', '.', '-', '_');
const optional = (arbitrary: fc.Arbitrary<string>, often = 2): fc.Arbitrary<string> =>
  fc.oneof({ weight: often, arbitrary: fc.constant('') }, { weight: 1, arbitrary });
const joined = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((all) => all.join(''));
const release = fc.array(small, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const preRelease = joined(
  separator,
  fc.constantFrom('a', 'b', 'rc', 'alpha', 'BETA', 'c', 'pre', 'preview'),
  separator,
  optional(small),
);
const postRelease = fc.oneof(
  joined(separator, fc.constantFrom('post', 'rev', 'r'), separator, optional(small)),
  joined(fc.constant('-'), small),
);
const devRelease = joined(separator, fc.constant('dev'), separator, optional(small));
const local = joined(fc.constant('+'), fc.constantFrom('cpu', 'cu121', '1', '2', 'ubuntu.1', 'ABC-2', '0a', '1.a'));
const publicText = joined(
  optional(fc.constant('v'), 9),
  optional(fc.constantFrom('1!', '0!'), 6),
  release,
  optional(preRelease),
  optional(postRelease),
  optional(devRelease),
);
const versionText = joined(publicText, optional(local));
const noise = fc.constantFrom('', '', '', ' ', '.', '-', 'x', '+', '*', '!', '..', 'é', '\n', '²', '٣');
const odd = joined(noise, versionText, noise, optional(versionText, 9), noise);
const clause = fc.oneof(
  joined(fc.constantFrom('>=', '<=', '<', '>', '~=', ' >= '), publicText),
  joined(fc.constantFrom('==', '!=', '==='), versionText),
  joined(fc.constantFrom('==', '!='), release, fc.constant('.*')),
  joined(fc.constantFrom('>=', '==', '=', '~', '~=', '==='), odd),
);
const setText = fc.array(clause, { minLength: 0, maxLength: 3 }).map((clauses) => clauses.join(','));

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!isTareError(error)) throw error;
    return undefined;
  }
}

describe.skipIf(packagingMajor() < 26 && process.env['CI'] !== 'true')(
  'as PyPA packaging 26 has it (pip install packaging)',
  () => {
    test('versions: which are valid, and their normal form', () => {
      const texts = sample(fc.oneof(versionText, odd), 3000);
      const { answers } = ask('version', texts);
      for (const [index, text] of texts.entries()) {
        const mine = versionOrUndefined(text);
        expect([text, mine === undefined ? undefined : renderVersion(mine)]).toEqual([text, answers[index]?.answer]);
      }
    });

    test('versions: their order', () => {
      const pairs = sample(fc.tuple(versionText, versionText), 3000);
      const { answers } = ask('order', pairs);
      for (const [index, [left, right]] of pairs.entries()) {
        const mine = Math.sign(compareVersions(parseVersion(left), parseVersion(right)));
        expect([left, right, mine]).toEqual([left, right, answers[index]?.answer]);
      }
    });

    test('specifiers: which are valid, and what they allow', () => {
      const cases = sample(fc.tuple(setText, versionText, fc.constantFrom(true, false, null)), 5000);
      const { answers } = ask('contains', cases);
      for (const [index, [set, version, prereleases]] of cases.entries()) {
        const mine = attempt(() =>
          specifierContains(parseSpecifierSet(set), version, prereleases === null ? {} : { prereleases }),
        );
        expect([set, version, prereleases, mine]).toEqual([set, version, prereleases, answers[index]?.answer]);
      }
    });

    test('markers: which are valid, and whether they hold', () => {
      const environment = markerEnvironment({ python: '3.13', fullVersion: '3.13.5', architecture: 'x86_64' });
      const names = [
        ...Object.keys(environment),
        'os.name',
        'sys.platform',
        'python_implementation',
        'extra',
        'nonsense',
      ];
      const literal = fc
        .constantFrom(
          '3.13',
          '3.8',
          '3.13.5',
          '3.13.*',
          '>3',
          'linux',
          'linux2',
          'posix',
          'CPython',
          'cpython',
          '',
          'x86_64',
          'aarch64 x86_64',
          '3.8, 3.13',
          'a',
          'A_b',
        )
        .map((text) => `"${text}"`);
      const operator = fc.constantFrom('==', '!=', '<', '<=', '>', '>=', '~=', '===', 'in', 'not in', 'not  in', '=');
      const variable = fc.constantFrom(...names);
      const comparison = fc
        .oneof(fc.tuple(variable, operator, literal), fc.tuple(literal, operator, variable))
        .filter(([left, op, right]) => !((left === 'extra' || right === 'extra') && op.includes('in')))
        .map((parts) => parts.join(' '));
      const boolean = fc.constantFrom(' and ', ' or ', ' and ', ' or ', ' ');
      const group = fc.tuple(comparison, boolean, comparison).map((parts) => `(${parts.join('')})`);
      const marker = fc.oneof(
        comparison,
        joined(comparison, boolean, group, boolean, comparison),
        joined(group, boolean, comparison),
      );
      const cases = sample(fc.tuple(marker, fc.constant(environment), fc.constantFrom('', 'a', 'a-b')), 4000);
      const { answers } = ask('marker', cases);
      for (const [index, [text, , extra]] of cases.entries()) {
        const mine = attempt(() =>
          evaluateMarker(parseMarker(text), environment, new Set(extra === '' ? [] : [extra])),
        );
        const theirs = answers[index];
        // Both may stop at the first operand that decides: packaging evaluates all, so an undefined comparison wins there.
        if (theirs?.error === 'UndefinedComparison' && mine !== undefined) continue;
        expect([text, extra, mine]).toEqual([text, extra, theirs?.answer]);
      }
    });

    test('requirements', () => {
      const name = fc.constantFrom('a', 'A.b', 'zope.interface', 'x_y', '-a', 'a-', 'é', 'ruamel.yaml.clib');
      const extras = fc.constantFrom('', '', '[]', '[a]', '[a,B_c]', ' [ a , b ] ', '[a b]', '[a,]', '[,]', '[a');
      const marker = fc.constantFrom(
        '',
        '',
        " ; python_version < '3'",
        ";os_name=='nt'",
        " ; python_version < '3",
        ' ;',
        ' ; x == "1"',
      );
      const tail = fc.oneof(
        setText,
        setText.map((text) => `(${text})`),
        fc.constantFrom('@ https://h.example/a;b', ' @ file:///a b', '@', ' @x ', '>=1 <2', '(>=1', '>=1,', ',>=1'),
      );
      const texts = sample(joined(fc.constantFrom('', ' '), name, extras, tail, marker), 4000).filter(
        (text) => !/[^\x20-\x7e]/.test(text),
      );
      const { answers } = ask('requirement', texts);
      for (const [index, text] of texts.entries()) {
        // packaging takes a comma behind `===` for a part of the version.
        if (/===[^;)]*,/.test(text)) continue;
        const mine = attempt(() => {
          const parsed = parseRequirement(text);
          const clauses = parsed.specifiers.map((each) => `${each.operator}${each.version}`);
          return [
            parsed.name,
            [...parsed.extras],
            parsed.url ?? null,
            parsed.marker !== undefined,
            [...new Set(clauses)].sort(),
          ];
        });
        const theirs = answers[index]?.answer as unknown[] | undefined;
        expect([text, mine?.slice(0, 4)]).toEqual([text, theirs?.slice(0, 4)]);
        if (mine !== undefined && theirs !== undefined) {
          const normal = (clauses: unknown): string =>
            renderSpecifierSet(parseSpecifierSet((clauses as string[]).join(',')));
          expect([text, normal(mine[4])]).toEqual([text, normal(theirs[4])]);
        }
      }
    });

    test('tags, best first, for every Python, C library and architecture', () => {
      const targets = (Object.keys(machinePlatforms) as Machine[]).flatMap((architecture) =>
        [
          [2, 36],
          [2, 41],
          [2, 17],
          [2, 12],
          [2, 5],
          [3, 1],
        ].flatMap(([glibcMajor = 2, minor = 0]) => [{ architecture, glibc: [glibcMajor, minor] as const }]),
      );
      const platforms = ask(
        'platforms',
        targets.map(({ architecture, glibc }) => [glibc, architecture]),
      ).answers;
      const cases = targets.flatMap(({ architecture, glibc }, index) =>
        [7, 8, 11, 13, 14].flatMap((minor) =>
          [false, ...(minor >= 13 ? [true] : [])].map(
            (free) => [minor, free, glibc, architecture, platforms[index]?.answer] as const,
          ),
        ),
      );
      const { answers } = ask('tag', cases);
      for (const [index, [minor, freeThreaded, glibc, architecture]] of cases.entries()) {
        const mine = compatibleTags({
          python: `3.${minor}`,
          freeThreaded,
          glibc: { major: glibc[0], minor: glibc[1] },
          architecture,
        });
        expect(mine).toEqual(answers[index]?.answer);
      }
    });

    test('wheel file names', () => {
      const part = fc.constantFrom(
        'foo',
        'Foo_Bar',
        'foo.bar',
        'a__b',
        '1.0',
        '1.0+cpu',
        '2!1.0rc1',
        '1',
        '2x',
        'x2',
        'py3',
        'py2.py3',
        'cp313',
        'none',
        'abi3',
        'any',
        'manylinux_2_17_x86_64.manylinux2014_x86_64',
        '',
        'a b',
        '3py',
        'py3.',
      );
      const shaped = fc.tuple(
        part,
        fc.constantFrom('1.0', '1.0+cpu', 'x', '1.0.post1'),
        fc.constantFrom('', '-1', '-2abc', '-x'),
        fc.constantFrom('py3', 'py2.py3', 'cp313', '', '3'),
        fc.constantFrom('none', 'abi3', 'cp313'),
        fc.constantFrom('any', 'manylinux1_x86_64.linux_x86_64', 'win32'),
      );
      const random = fc.array(part, { minLength: 3, maxLength: 7 }).map((parts) => parts.join('-'));
      const names = sample(
        fc.oneof(
          random,
          shaped.map(([a, b, c, ...rest]) => `${a}-${b}${c}-${rest.join('-')}`),
        ),
        3000,
      ).map((name) => `${name}.whl`);
      const { answers } = ask('wheel', names);
      for (const [index, name] of names.entries()) {
        // packaging lets names that end in punctuation pass, and tags with signs; the specifications do not.
        if (/^[^-]*[._]-/.test(name) || /[!+ ][^-]*(?:-[^-]*){0,2}$/.test(name)) continue;
        const wheel = wheelNameOrProblem(name);
        const mine =
          typeof wheel === 'string'
            ? undefined
            : [
                wheel.name,
                renderVersion(parseVersion(wheel.version)),
                wheel.build === undefined ? [] : [Number(wheel.build.number), wheel.build.suffix],
                [...wheel.tags].sort(),
              ];
        expect([name, mine]).toEqual([name, answers[index]?.answer]);
      }
    });
  },
);
