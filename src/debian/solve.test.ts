import { describe, expect, test } from 'vitest';
import { makeDeb, renderIndexEntry } from '../../test/support/deb-maker.ts';
import { compactPackages, openCompact } from './packages-index.ts';
import { parseRelations } from './relation.ts';
import { solvePackages } from './solve.ts';
import { combineParts } from './suite-index.ts';

type Packages = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Solves `wanted` among packages given as name (and version, `name_2.0`) with their fields. */
async function solve(packages: Packages, wanted: string, provided: readonly string[] = []): Promise<string> {
  const entries = Object.entries(packages).map(([key, fields]) => {
    const [name = '', version = '1.0'] = key.split('_');
    return renderIndexEntry(makeDeb({ name, version, fields }));
  });
  async function* source(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(entries.join('\n'));
  }
  const index = openCompact(await compactPackages(source(), 'test'));
  if (index === undefined) throw new Error('no index');
  const part = { index, digest: 'x', archive: 'https://m.example', where: 'test', date: new Date(0) };
  const suite = combineParts('trixie', 'amd64', [part]);
  const options = { wanted: parseRelations(wanted, 'amd64'), provided: new Set(provided) };
  return solvePackages(suite, options)
    .map((one) => one.name)
    .join(' ');
}

describe('solving dependencies', () => {
  test('all that is needed, once, in circles too', async () => {
    const packages = { aa: { Depends: 'bb, cc' }, bb: { 'Pre-Depends': 'cc' }, cc: { Depends: 'aa' }, dd: {} };
    expect(await solve(packages, 'aa')).toBe('aa bb cc');
  });

  test('the first alternative, unless another is there anyhow', async () => {
    const packages = { aa: { Depends: 'bb | cc' }, bb: {}, cc: {}, dd: { Depends: 'cc' } };
    expect(await solve(packages, 'aa')).toBe('aa bb');
    expect(await solve(packages, 'aa, dd')).toBe('aa cc dd');
  });

  test('an alternative that cannot be had is passed over', async () => {
    const packages = { aa: { Depends: 'gone | old (>= 2) | bb' }, old: {}, bb: {} };
    expect(await solve(packages, 'aa')).toBe('aa bb');
  });

  test('a virtual package: the real one of that name first, then by priority, then by name', async () => {
    const packages = {
      aa: { Depends: 'mta' },
      zz: { Provides: 'mta', Priority: 'important' },
      bb: { Provides: 'mta' },
    };
    expect(await solve(packages, 'aa')).toBe('aa zz');
    expect(await solve({ ...packages, mta: {} }, 'aa')).toBe('aa mta');
  });

  test('a versioned dependency is fulfilled by a provider that says its version only', async () => {
    const packages = {
      aa: { Depends: 'abi (>= 2)' },
      bb: { Provides: 'abi' },
      cc: { Provides: 'abi (= 1)' },
      dd: { Provides: 'abi (= 2.1)' },
    };
    expect(await solve(packages, 'aa')).toBe('aa dd');
  });

  test('the newest version of a package is the only one that counts', async () => {
    const packages = { aa: { Depends: 'bb (= 1.0)' }, 'bb_1.0': {}, 'bb_2.0': {} };
    await expect(solve(packages, 'aa')).rejects.toMatchObject({
      code: 'DEBIAN_DEPENDENCY_UNMET',
      message: '`aa` needs `bb (= 1.0)`, but trixie has `bb` 2.0',
    });
  });

  test('what conflicts is not taken together, even if that needs another choice', async () => {
    const packages = { aa: { Depends: 'bb | cc, dd | ee' }, bb: { Conflicts: 'dd, ee' }, cc: {}, dd: {}, ee: {} };
    expect(await solve(packages, 'aa')).toBe('aa cc dd');
  });

  test("a conflict with a version, and with a virtual package of one's own", async () => {
    expect(await solve({ aa: { Depends: 'bb', Breaks: 'bb (<< 1.0)' }, bb: {} }, 'aa')).toBe('aa bb');
    const mta = { Provides: 'mta', Conflicts: 'mta' };
    expect(await solve({ aa: mta }, 'aa')).toBe('aa');
    await expect(solve({ aa: mta, bb: mta }, 'aa, bb')).rejects.toMatchObject({
      message: expect.stringContaining('conflicts with'),
    });
  });

  test('names that count as provided are not followed', async () => {
    const packages = { aa: { Depends: 'debconf (>= 0.5) | cdebconf, bb' }, bb: {}, debconf: { Depends: 'perl' } };
    expect(await solve(packages, 'aa', ['debconf'])).toBe('aa bb');
  });

  test('`:any` wants a package that allows it', async () => {
    const wanted = { Depends: 'py:any' };
    expect(await solve({ aa: wanted, py: { 'Multi-Arch': 'allowed' } }, 'aa')).toBe('aa py');
    await expect(solve({ aa: wanted, py: {} }, 'aa')).rejects.toMatchObject({ code: 'DEBIAN_DEPENDENCY_UNMET' });
  });

  test('what is not there is named, with who wants it', async () => {
    await expect(solve({ aa: { Depends: 'bb' }, bb: { Depends: 'gone | lost' } }, 'aa')).rejects.toMatchObject({
      message: '`bb` needs `gone | lost`, but trixie has no such package for amd64',
    });
    await expect(solve({}, 'aa')).rejects.toMatchObject({ message: expect.stringContaining('`aa` is wanted') });
  });

  test('an index made to keep the solver busy ends in an error', async () => {
    const packages: Record<string, Record<string, string>> = {};
    for (let i = 0; i < 24; i++) {
      packages[`left${i}`] = { Depends: `left${i + 1} | right${i + 1}` };
      packages[`right${i}`] = { Depends: `left${i + 1} | right${i + 1}` };
    }
    packages['left24'] = { Depends: 'gone | lost' };
    packages['right24'] = { Depends: 'gone | lost' };
    await expect(solve(packages, 'left0 | right0')).rejects.toMatchObject({ code: 'DEBIAN_DEPENDENCY_UNMET' });
  });
});
