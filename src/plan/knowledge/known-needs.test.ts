import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPackageNameText, normalizedName } from '../../python/package-name.ts';
import { parseSpecifierSet } from '../../python/specifier.ts';
import { knownDistributions } from './distributions.data.ts';
import { knownNeeds } from './known-needs.ts';
import { sonamesOf } from './short-names.ts';
import type { KnownWheel } from './types.ts';

const wheel = (name: string, version: string, more: Partial<KnownWheel> = {}): KnownWheel => ({
  name,
  version,
  filename: `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`,
  ...more,
});

/** `required libmagic.so.1`, with alternatives joined by `|`. */
const needsOf = (...wheels: readonly KnownWheel[]) =>
  knownNeeds(wheels).map(({ need, names }) => `${need} ${names.join('|')}`);

describe('what chosen wheels need beyond what ELF files tell', () => {
  test('a library that ctypes loads, whatever the spelling of the name', () => {
    expect(needsOf(wheel('python-magic', '0.4.27'))).toEqual(['required libmagic.so.1']);
    expect(needsOf(wheel('Python_Magic', '0.4.27'))).toEqual(['required libmagic.so.1']);
  });

  test('nothing where another distribution brings it', () => {
    expect(needsOf(wheel('psycopg', '3.2.0'))).toEqual(['required libpq.so.5']);
    expect(needsOf(wheel('psycopg', '3.2.0'), wheel('Psycopg_Binary', '3.2.0'))).toEqual([]);
    expect(needsOf(wheel('pypandoc', '1.15'), wheel('pypandoc-binary', '1.15'))).toEqual([]);
  });

  test('nothing where the wheel brings it', () => {
    const bundled = { files: ['soundfile.py', '_soundfile_data/libsndfile_x86_64.so'] };
    expect(needsOf(wheel('soundfile', '0.13.1', { files: ['soundfile.py', '_soundfile.py'] }))).toEqual([
      'required libsndfile.so.1',
    ]);
    expect(needsOf(wheel('soundfile', '0.13.1', bundled))).toEqual([]);
  });

  test('a wheel whose files are not known brings it where it is for one platform', () => {
    const filename = 'soundfile-0.13.1-py2.py3-none-manylinux_2_28_x86_64.whl';
    expect(needsOf(wheel('soundfile', '0.13.1'))).toEqual(['required libsndfile.so.1']);
    expect(needsOf(wheel('soundfile', '0.13.1', { filename }))).toEqual([]);
  });

  test('by version', () => {
    expect(needsOf(wheel('weasyprint', '52.5'))).toEqual([]);
    expect(needsOf(wheel('weasyprint', '62.0'))).toContain('required libpango-1.0.so.0');
    expect(needsOf(wheel('weasyprint', '62.0'))).not.toContain('optional libharfbuzz-subset.so.0');
    expect(needsOf(wheel('weasyprint', '66.0'))).toContain('optional libharfbuzz-subset.so.0');
    expect(needsOf(wheel('ocrmypdf', '16.1'))).toContain('required gs');
    expect(needsOf(wheel('ocrmypdf', '17.1'))).toContain('optional gs');
  });

  test('a program is optional where only others ask for the distribution', () => {
    expect(needsOf(wheel('gitpython', '3.1.44'))).toEqual(['required git']);
    expect(needsOf(wheel('gitpython', '3.1.44', { isDirect: false }))).toEqual(['optional git']);
    expect(needsOf(wheel('python-magic', '0.4.27', { isDirect: false }))).toEqual(['required libmagic.so.1']);
  });

  test('nothing for distributions that bring all, and for odd versions', () => {
    expect(needsOf(wheel('numpy', '2.3.0'), wheel('pillow', '11.0'), wheel('psycopg2-binary', '2.9'))).toEqual([]);
    expect(needsOf(wheel('constructor', '1'), wheel('__proto__', '1'), wheel('weasyprint', 'not a version'))).toEqual(
      [],
    );
  });

  test('whatever is chosen, in the order of the wheels', () => {
    const names = knownDistributions.map(({ distribution }) => distribution);
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...names)), (chosen) => {
        const order = knownNeeds(chosen.map((name) => wheel(name, '9999'))).map((need) =>
          chosen.indexOf(need.distribution),
        );
        expect(order).toEqual(order.toSorted((left, right) => left - right));
      }),
    );
  });
});

describe('the data', () => {
  test('stands in alphabetical order under normalised names', () => {
    const names = knownDistributions.map(({ distribution }) => distribution);
    expect(names).toEqual(names.toSorted());
    for (const name of names) expect(isPackageNameText(name) && normalizedName(name) === name, name).toBe(true);
  });

  test.each(knownDistributions.map((entry, index) => [`${entry.distribution} #${index}`, entry] as const))(
    '%s says what, when and why',
    (_name, entry) => {
      const { libraries = [], programs = [], evidence, condition } = entry;
      const groups = [...libraries, ...programs];
      expect(groups.length).toBeGreaterThan(0);
      for (const names of groups) expect(names.length).toBeGreaterThan(0);
      for (const soname of libraries.flat()) expect(soname).toMatch(/^[\w.+-]+\.so(?:\.\d+)*$/);
      for (const program of programs.flat()) expect(program).toMatch(/^[\w.+-]+$/);
      expect(evidence, 'names a file or a version').toMatch(/\.py|\.rst|\(\d|libodbc|extension/);
      expect(`${condition}${evidence}`).not.toMatch(/\.$|\n/);
      if (entry.versions !== undefined) expect(parseSpecifierSet(entry.versions).length).toBeGreaterThan(0);
      expect(entry.unlessFile?.flags ?? '').toBe('');
    },
  );

  test('entries of one distribution do not ask for the same under the same version', () => {
    const seen = new Set<string>();
    for (const { distribution, versions, libraries = [], programs = [] } of knownDistributions) {
      for (const names of [...libraries, ...programs]) {
        const key = `${distribution} ${versions} ${names.join('|')}`;
        expect(seen.has(key), key).toBe(false);
        seen.add(key);
      }
    }
  });
});

describe('short names of find_library', () => {
  test('stand for the sonames that the suites have', () => {
    expect(sonamesOf('magic')).toEqual(['libmagic.so.1']);
    expect(sonamesOf('gdal')).toEqual(['libgdal.so.36', 'libgdal.so.32', 'libgdal.so.28']);
    expect(sonamesOf('c')).toEqual(['libc.so.6']);
    expect(sonamesOf('xcb')).toEqual(['libxcb.so.1']);
    expect(sonamesOf('nothing-known')).toEqual([]);
  });
});
