import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestFromHex } from '../base/digest.ts';
import { isTareError } from '../base/errors.ts';
import { parseRelations } from '../debian/relation.ts';
import { parseDebianVersion } from '../debian/version.ts';
import { compareLocks } from './compare.ts';
import { baseInputs, describeChanges, systemInputs, wheelInputs } from './inputs.ts';
import { parseLock } from './parse.ts';
import { renderLock } from './render.ts';
import type { Lock, LockedPackage, LockedTarget, LockedWheel } from './types.ts';

const hash = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((n) => digestFromHex(n.toString(16).padStart(64, '0')));
const size = fc.nat();
const word = fc.stringMatching(/^[a-z][a-z0-9]{1,8}$/);
const version = fc
  .stringMatching(/^(?:[1-9]:)?[0-9]\.[0-9]{1,3}(?:-[0-9])?(?:\+deb13u[1-9])?$/)
  .map((text) => parseDebianVersion(text));
const text = fc
  .string({ unit: 'binary', maxLength: 30 })
  .filter((one) => !/[\ud800-\udfff]/u.test(one) && one.length > 0);
const relations = fc
  .array(fc.tuple(word, fc.constantFrom('', ' (>= 1.2)', ':any', ' (= 3-1)', ' | other')), { maxLength: 3 })
  .map((parts) => parseRelations(parts.map((part) => part.join('')).join(', '), 'amd64'));

const debianPackage = fc
  .record({
    name: word,
    version,
    architecture: fc.constantFrom('amd64', 'all'),
    sha256: hash,
    size,
    installedSize: size,
    multiArch: fc.constantFrom('no' as const, 'same' as const, 'foreign' as const, 'allowed' as const),
    priority: fc.constantFrom('optional', 'required', 'important'),
    depends: relations,
    conflicts: relations,
    provides: relations,
  })
  .map((one): LockedPackage => ({ ...one, filename: `pool/main/${one.name}_1.0_amd64.deb` }));

const built = fc
  .record({ key: hash, source: text, requires: fc.array(text, { maxLength: 3 }), isGit: fc.boolean() })
  .map(
    ({ isGit, ...one }): NonNullable<LockedWheel['built']> => ({
      ...one,
      ...(isGit ? { from: 'git', commit: 'a'.repeat(40) } : { from: 'sdist', sha256: one.key }),
      platform: 'linux/amd64',
      packages: one.requires,
    }),
  );

const wheel = fc.record({ name: word, sha256: hash, size, built: fc.option(built, { nil: undefined }) }).map(
  ({ built: how, ...one }): LockedWheel => ({
    ...one,
    version: '1.0',
    filename: `${one.name}-1.0-py3-none-any.whl`,
    ...(how === undefined ? {} : { built: how }),
  }),
);

const target = fc
  .record({
    packages: fc.uniqueArray(debianPackage, { selector: (one) => one.name, maxLength: 6 }),
    debug: fc.option(debianPackage, { nil: undefined }),
    reason: text,
    chain: fc.array(text, { maxLength: 3 }),
    wheels: fc.option(fc.uniqueArray(wheel, { selector: (one) => one.name, maxLength: 4 }), { nil: undefined }),
    index: hash,
    unpackedSize: size,
    provider: fc.constantFrom('debian' as const, 'standalone' as const),
  })
  .map(({ packages, debug, reason, chain, wheels, index, unpackedSize, provider }): LockedTarget => {
    const state = { digest: index, date: '2026-11-21T09:15:44Z' };
    const root = { suite: 'trixie', index: state, packages: packages.slice(2) };
    const archive = { filename: 'cpython-3.12.7+20241016-x86_64.tar.gz', sha256: index, size: 5 };
    return {
      platform: 'linux/amd64',
      python: { version: '3.13', fullVersion: '3.13.5', abi: 'cp313' },
      base: provider === 'debian' ? { provider, ...root } : { provider, ...root, archive },
      system: {
        index: state,
        packages: packages.slice(0, 2).map((one) => ({ ...one, unpackedSize, chain, reason })),
      },
      ...(debug === undefined ? {} : { debug }),
      ...(wheels === undefined ? {} : { wheels }),
      inputs: {
        base: baseInputs({ base: 'debian', python: '>=3.12', sources: [] }),
        wheels: wheelInputs({
          file: 'requirements.txt',
          ...(wheels === undefined ? {} : { dependencies: 'flask' }),
          extras: [],
          groups: [reason],
        }),
        system: systemInputs({ policy: 'needed', packages: chain, excluded: [], calls: [], natives: [] }, []),
      },
    };
  });

const lock = fc.record({ project: word, uv: fc.option(text, { nil: undefined }), target, both: fc.boolean() }).map(
  ({ project, uv, target: one, both }): Lock => ({
    project,
    tools: { tare: '0.1.0', ...(uv === undefined ? {} : { uv }) },
    targets: [one, ...(both ? [arm64Of(one)] : [])],
  }),
);
function arm64Of({ debug: _debug, ...one }: LockedTarget): LockedTarget {
  return { ...one, platform: 'linux/arm64', base: otherBase, system: { packages: [] } };
}
const otherBase = { provider: 'image', title: 'Debian "12"', digest: digestFromHex('a'.repeat(64)) } as const;

const [example] = fc.sample(target, { numRuns: 1, seed: 7 });
const sample: Lock = {
  project: 'shop',
  tools: { tare: '0.1.0' },
  targets: [{ ...(example as LockedTarget), wheels: [wheelNamed('flask'), wheelNamed('six')] }],
};
function wheelNamed(name: string, changes: Partial<LockedWheel> = {}): LockedWheel {
  const sha256 = digestFromHex('1'.repeat(64));
  return { name, version: '1.0', filename: `${name}-1.0-py3-none-any.whl`, sha256, size: 1000, ...changes };
}
const withWheels = (...wheels: LockedWheel[]): Lock => {
  const [only] = sample.targets;
  const dependencies = wheelInputs({ file: 'requirements.txt', dependencies: 'x', extras: [], groups: [] });
  return {
    ...sample,
    targets: [
      { ...(only as LockedTarget), wheels, inputs: { ...(only as LockedTarget).inputs, wheels: dependencies } },
    ],
  };
};
const good = renderLock(withWheels(wheelNamed('flask')));

const refusal = (content: string) => {
  try {
    parseLock(content);
  } catch (error) {
    if (isTareError(error)) return error;
    throw error;
  }
  return expect.fail('it was read');
};

describe('a lock', () => {
  test('is read as it was written, and written again byte for byte', () => {
    fc.assert(
      fc.property(lock, (one) => {
        const written = renderLock(one);
        expect(parseLock(written)).toEqual(one);
        expect(renderLock(parseLock(written))).toBe(written);
      }),
    );
  });

  test('names no host', () => {
    expect(good).not.toMatch(/https?:/);
  });

  test('has one line a field, so that a new hash is one line in a difference', () => {
    const other = renderLock(withWheels(wheelNamed('flask', { sha256: digestFromHex('2'.repeat(64)) })));
    const lines = new Set(good.split('\n'));
    expect(other.split('\n').filter((line) => !lines.has(line))).toEqual([`sha256 = "sha256:${'2'.repeat(64)}"`]);
  });

  test('however it is damaged, is refused in words', () => {
    const edit = fc.record({
      at: fc.nat(good.length),
      cut: fc.nat(60),
      put: fc.string({ unit: 'binary', maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let content = good;
        for (const { at, cut, put } of edits) content = content.slice(0, at) + put + content.slice(at + cut);
        try {
          parseLock(content);
        } catch (error) {
          expect(isTareError(error), String(error)).toBe(true);
          if (isTareError(error)) expect(error.code).toMatch(/^IMAGE_LOCK_/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a short hash', good.replace(/sha256 = "sha256:1/, 'sha256 = "sha256:'), /target\.0\.wheel\.0\.sha256/],
    [
      'an unknown key',
      good.replace('[[target.wheel]]', '[[target.wheel]]\nmirror = "x"'),
      /unknown key `target\.0\.wheel\.0\.mirror`/,
    ],
    ['a negative size', good.replace(/^size = 1000$/m, 'size = -1'), /target\.0\.wheel\.0\.size/],
    ['a size that is no whole number', good.replace(/^size = 1000$/m, 'size = 99999999999999999999'), /size/],
    [
      'two targets for one platform',
      good + good.slice(good.indexOf('[[target]]')),
      /`linux\/amd64` stands there twice/,
    ],
    ['a distribution twice', renderLock(withWheels(wheelNamed('six'), wheelNamed('six'))), /`six` stands there twice/],
    ['a wheel of another name', good.replace('name = "flask"', 'name = "six"'), /no wheel of `six`/],
    ['a platform that nobody builds', good.replace('linux/amd64', 'linux/mips'), /linux\/mips/],
    ['a file cut short', good.slice(0, good.indexOf('[[target.wheel]]') + 40), /cannot be used|unexpected value/],
    ['nothing', '', /version/],
  ])('with %s is refused', (_title, content, message) => {
    const error = refusal(content);
    expect(error).toMatchObject({ code: 'IMAGE_LOCK_INVALID', hint: expect.stringContaining('tare lock') });
    expect(error.message).toMatch(message);
  });

  test('a path that leads out of the archive is refused', () => {
    const [deb] = fc.sample(debianPackage, { numRuns: 1, seed: 1 });
    const [only] = sample.targets;
    const base = { provider: 'debian', suite: 'trixie', packages: [deb as LockedPackage] } as const;
    const content = renderLock({ ...sample, targets: [{ ...(only as LockedTarget), base }] });
    expect(refusal(content.replace(/"pool\/main\/[^"]*\.deb"/, '"pool/../../x.deb"')).message).toMatch(/no path/);
  });

  test('that is not TOML is refused with line and column', () => {
    expect(refusal(`${good}\n= 1\n`).where).toMatch(/^tare\.lock:\d+:\d+$/);
  });

  test('of a newer tare says so', () => {
    expect(refusal(good.replace('version = 1', 'version = 2\nnew-thing = true'))).toMatchObject({
      code: 'IMAGE_LOCK_NEWER',
      hint: expect.stringContaining('update tare'),
    });
  });

  test('with conflict markers of git says what to do', () => {
    const content = good.replace('version = 1', '<<<<<<< HEAD\nversion = 1\n=======\nversion = 1\n>>>>>>> other');
    expect(refusal(content)).toMatchObject({
      code: 'IMAGE_LOCK_CONFLICT',
      where: 'tare.lock:2',
      hint: expect.stringMatching(/one side.*`tare lock`/),
    });
  });
});

describe('what changed since a lock was written', () => {
  const base = { base: 'debian', sources: [] };
  test('is said in the words of the settings', () => {
    const python = describeChanges(
      'base',
      baseInputs({ ...base, python: '>=3.12' }),
      baseInputs({ ...base, python: '>=3.13' }),
    );
    expect(python).toEqual(['Python: `>=3.12` is now `>=3.13`']);
    const wanted = { policy: 'needed', packages: [], excluded: [], calls: [], natives: [] } as const;
    const system = describeChanges(
      'system',
      systemInputs(wanted, []),
      systemInputs({ ...wanted, packages: ['ffmpeg'] }, []),
    );
    expect(system).toEqual(['`system-packages`: nothing is now `ffmpeg`']);
    const asked = { file: 'requirements.txt', dependencies: 'six', extras: [], groups: [] };
    expect(describeChanges('wheels', wheelInputs(asked), wheelInputs({ ...asked, dependencies: 'six\nidna' }))).toEqual(
      ['`requirements.txt` changed'],
    );
    expect(
      describeChanges('wheels', wheelInputs(asked), wheelInputs({ file: 'uv.lock', extras: [], groups: [] })),
    ).toEqual(['the dependencies stand in `uv.lock` now, and stood in `requirements.txt`']);
  });

  test('is nothing where only the code around a call moved', () => {
    const wanted = { policy: 'needed', packages: [], excluded: [], natives: [] } as const;
    const at = (line: number) => [{ kind: 'program', name: 'ffmpeg', because: { file: 'a.py', line, rule: '' } }];
    expect(
      describeChanges(
        'system',
        systemInputs({ ...wanted, calls: at(1) }, []),
        systemInputs({ ...wanted, calls: at(9) }, []),
      ),
    ).toEqual([]);
  });
});

describe('the difference of two locks', () => {
  test('is each package once for all platforms, and the bytes of the files that are new', () => {
    const two = (one: Lock): Lock => ({
      ...one,
      targets: [...one.targets, ...one.targets.map((other) => ({ ...other, platform: 'linux/arm64' }))],
    });
    const before = two(withWheels(wheelNamed('flask'), wheelNamed('gone')));
    const moved = wheelNamed('flask', { version: '2.0', sha256: digestFromHex('2'.repeat(64)), size: 7 });
    const difference = compareLocks(before, two(withWheels(moved)));
    expect(difference).toEqual({
      changes: [
        { kind: 'wheel', name: 'flask', from: '1.0', to: '2.0', platforms: ['linux/amd64', 'linux/arm64'], bytes: 7 },
        { kind: 'wheel', name: 'gone', from: '1.0', platforms: ['linux/amd64', 'linux/arm64'], bytes: 0 },
      ],
      bytes: 7,
    });
  });

  test('of equal ones is nothing', () => {
    fc.assert(
      fc.property(lock, (one) => {
        expect(compareLocks(one, one)).toEqual({ changes: [], bytes: 0 });
      }),
    );
  });
});
