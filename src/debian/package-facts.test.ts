import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DebSpec, makeDeb } from '../../test/support/deb-maker.ts';
import { makeElf } from '../../test/support/elf-maker.ts';
import { layTree } from '../root/tree.ts';
import { installedFiles, type PackageFacts, readPackageFacts } from './package-facts.ts';

async function factsOf(spec: DebSpec): Promise<PackageFacts> {
  const dir = await mkdtemp(join(tmpdir(), 'tare-facts-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'a.deb'), makeDeb(spec).bytes);
  return readPackageFacts(join(dir, 'a.deb'));
}

const blas: DebSpec = {
  name: 'libblas3',
  data: [
    { name: './lib/x/blas/', flag: '5' },
    {
      name: './lib/x/blas/libblas.so.3',
      bytes: makeElf({ soname: 'libblas.so.3', needed: ['libc.so.6'] }),
      mode: 0o4755,
    },
    { name: './usr/share/man/man3/a.3.gz', bytes: 'x' },
    { name: './usr/bin/tool', bytes: '#!/bin/sh -e\n' },
  ],
  scripts: {
    postinst:
      '#!/bin/sh\nupdate-alternatives --install /usr/lib/x/libblas.so.3 libblas.so.3-x /usr/lib/x/blas/libblas.so.3 10\nmake-database\n',
    triggers: 'activate-noawait ldconfig\n',
  },
};

describe('the facts of a package', () => {
  test('are its files at their place, and what its scripts do', async () => {
    const facts = await factsOf(blas);
    expect(facts).toMatchObject({
      name: 'libblas3',
      version: '1.0-1',
      architecture: 'amd64',
      scripts: ['postinst'],
      diversions: [],
    });
    expect(facts.files.map(({ path, type, mode }) => [path, type, mode])).toEqual([
      ['usr/lib/x/blas', 'directory', 0o755],
      ['usr/lib/x/blas/libblas.so.3', 'file', 0o755],
      ['usr/bin/tool', 'file', 0o644],
    ]);
    expect(facts.files[1]?.elf).toMatchObject({ soname: 'libblas.so.3', needed: ['libc.so.6'] });
    expect(facts.files[2]?.shebang).toBe('/bin/sh -e');
    expect(facts.openScripts).toMatchObject([{ script: 'postinst', command: 'make-database' }]);
    expect(facts.triggers).toEqual(['activate-noawait ldconfig']);
  });

  test('tell whether scripts make something beside the cache of the loader', async () => {
    const withScript = async (postinst: string) =>
      (await factsOf({ ...blas, scripts: { postinst: `#!/bin/sh\n${postinst}\n`, triggers: 'activate ldconfig\n' } }))
        .madeByScripts;
    expect(await withScript('ldconfig')).toBe(false);
    expect(await withScript('gdk-pixbuf-query-loaders --update-cache')).toBe(true);
  });

  test('are plain data', async () => {
    const facts = await factsOf(blas);
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
  });

  test('together with alternatives they are what a loader finds', async () => {
    const tree = layTree([installedFiles([await factsOf(blas)])]);
    expect(tree.resolve('usr/lib/x/libblas.so.3')?.path).toBe('usr/lib/x/blas/libblas.so.3');
  });
});
