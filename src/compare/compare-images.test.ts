import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../base/digest.ts';
import type { DescribedImage } from '../inspect/describe.ts';
import type { FileFacts } from '../root/file-facts.ts';
import { compareImages } from './compare-images.ts';
import { installerExceptions } from './exceptions.data.ts';
import { compareFolders } from './folders.ts';
import { compareDistributions, comparePackages } from './names.ts';
import { compareFiles } from './same-files.ts';

const facts = (path: string, text: string): FileFacts => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: text.length,
  sha256: sha256(text),
});

const filesOf = (texts: Readonly<Record<string, string>>) => ({
  files: Object.entries(texts).map(([path, text]) => facts(path, text)),
});

type Installed = Readonly<Record<string, readonly [version: string, files: Readonly<Record<string, string>>]>>;

const distributionsOf = (installed: Installed) => ({
  distributions: Object.entries(installed).map(([name, [version, texts]]) => ({
    name,
    version,
    bytes: Object.values(texts).join('').length,
    files: new Map(Object.entries(texts).map(([path, text]) => [path, facts(path, text)])),
  })),
});

describe('distributions and packages', () => {
  test('tell what is in one and not in the other, by version and by content', () => {
    const rows = compareDistributions([
      distributionsOf({
        same: ['1', { 'same.py': 'x' }],
        old: ['1', { 'old.py': 'xxxx' }],
        patched: ['3', { 'p.py': 'a' }],
      }),
      distributionsOf({
        same: ['1', { 'same.py': 'x' }],
        new: ['2', { 'new.py': 'xx' }],
        patched: ['3', { 'p.py': 'b' }],
      }),
    ]);
    expect(rows).toEqual([
      { name: 'old', images: [{ version: '1', bytes: 4 }, null] },
      { name: 'new', images: [null, { version: '2', bytes: 2 }] },
      {
        name: 'patched',
        images: [
          { version: '3', bytes: 1 },
          { version: '3', bytes: 1 },
        ],
        changedFiles: 1,
      },
    ]);
  });

  test('what an installer writes for itself is no difference of content', () => {
    const one = distributionsOf({
      a: ['1', { 'a.py': 'x', 'a-1.dist-info/INSTALLER': 'pip', '../../../bin/a': '#!/x' }],
    });
    const other = distributionsOf({ a: ['1', { 'a.py': 'x', 'a-1.dist-info/INSTALLER': 'uv', 'a.pyc': 'code' }] });
    expect(compareDistributions([one, other])).toEqual([]);
  });

  test('three images stand side by side', () => {
    const of = (version: string) => ({ packages: [{ name: 'libc6', version, architecture: 'amd64', bytes: 10 }] });
    expect(comparePackages([of('1'), of('1'), { packages: [] }])).toEqual([
      { name: 'libc6', images: [{ version: '1', bytes: 10 }, { version: '1', bytes: 10 }, null] },
    ]);
  });
});

describe('folders', () => {
  test('the deepest folder that has most of the difference is named', () => {
    const rows = compareFolders(
      [filesOf({ 'usr/lib/deep/er/big': 'x'.repeat(900), 'usr/lib/a': 'a' }), filesOf({ 'usr/lib/a': 'b' })],
      10,
    );
    expect(rows).toEqual([
      { path: '/usr/lib/deep/er', images: [{ bytes: 900, files: 1, onlyHere: 1 }, null], changedFiles: 0 },
    ]);
  });

  test('equal images differ in nothing, an equal size hides no change', () => {
    const one = filesOf({ 'srv/data/a': 'aaaa', 'srv/data/b': 'b' });
    expect(compareFolders([one, one], 10)).toEqual([]);
    const [row] = compareFolders([one, filesOf({ 'srv/data/a': 'cccc', 'srv/data/b': 'b' })], 10);
    expect(row).toMatchObject({ path: '/srv/data', changedFiles: 1 });
  });

  test('no folder lies in another, whatever is in the images', () => {
    const image = fc
      .dictionary(fc.stringMatching(/^(?:[a-c]\/){1,4}[a-c]$/), fc.stringMatching(/^[xy]{0,9}$/))
      .map((texts) => filesOf(texts));
    fc.assert(
      fc.property(fc.array(image, { minLength: 2, maxLength: 3 }), fc.integer({ min: 1, max: 6 }), (images, most) => {
        const paths = compareFolders(images, most).map(({ path }) => path);
        expect(paths.length).toBeLessThanOrEqual(most);
        for (const path of paths) expect(paths.filter((one) => `${one}/`.startsWith(`${path}/`))).toEqual([path]);
      }),
    );
  });
});

test('a comparison with itself finds nothing', () => {
  const image: DescribedImage = {
    ...filesOf({ 'app/main.py': 'x' }),
    ...distributionsOf({ a: ['1', { 'a.py': 'x' }] }),
    name: 'oci:out',
    digest: sha256('x'),
    platform: 'linux/amd64',
    base: { name: 'Debian' },
    size: undefined,
    unpackedSize: 2,
    hiddenSize: 0,
    layers: 1,
    parts: { base: 0, system: 0, packages: 1, application: 1, bytecode: 0 },
    packages: [],
  };
  const { images, differences } = compareImages([image, image], 20);
  expect(differences).toEqual({ distributions: [], packages: [], folders: [] });
  expect(images[0]).toMatchObject({ size: null, python: null, distributions: 1, packages: 0 });
});

describe('the same files', () => {
  const direct = distributionsOf({
    a: ['1', { 'a.py': 'x', 'a-1.dist-info/INSTALLER': 'tare', '../../../bin/a': '#!/opt/venv/bin/python' }],
  });

  test('what installers do in their own way is excused, each with its reason', () => {
    const pip = distributionsOf({
      a: [
        '1',
        { 'a.py': 'x', 'a-1.dist-info/INSTALLER': 'pip', 'a-1.dist-info/REQUESTED': '', '../../../bin/a': '#!python' },
      ],
    });
    const { distributions, sameFiles, differences } = compareFiles(direct, pip, installerExceptions);
    expect({ distributions, sameFiles }).toEqual({ distributions: 1, sameFiles: 1 });
    expect(differences.map(({ path, kind }) => [path, kind])).toEqual([
      ['../../../bin/a', 'content'],
      ['a-1.dist-info/INSTALLER', 'content'],
      ['a-1.dist-info/REQUESTED', 'only-in-second'],
    ]);
    expect(differences.filter(({ reason }) => reason === undefined)).toEqual([]);
  });

  test('a module that differs or lacks, another version and a stranger are not excused', () => {
    const changed = distributionsOf({ a: ['1', { 'a.py': 'y', 'a/b.py': '' }], b: ['1', {}], c: ['2', {}] });
    const other = distributionsOf({ a: ['1', { 'a.py': 'x' }], c: ['3', {}] });
    const open = compareFiles(changed, other, installerExceptions).differences.filter(
      ({ reason }) => reason === undefined,
    );
    expect(open.map(({ distribution, path, kind }) => [distribution, path, kind])).toEqual([
      ['a', 'a.py', 'content'],
      ['a', 'a/b.py', 'only-in-first'],
      ['b', undefined, 'only-in-first'],
      ['c', undefined, 'version'],
    ]);
  });
});
