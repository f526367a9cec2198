import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isElf, parseElf } from '../../src/elf/elf.ts';
import { createLoader } from '../../src/root/loader.ts';
import { factsOfBytes } from '../../src/root/observe.ts';
import { layTree } from '../../src/root/tree.ts';
import type { FileFacts } from '../../src/root/file-facts.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';

const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const folder = `/usr/lib/${triplet}`;
/** Enough of this machine's own libraries to meet every oddity, few enough to be quick. */
const most = 150;

function libraries(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^lib.*\.so/.test(name))
    .map((name) => join(folder, name))
    .filter((path) => isElf(readFileSync(path).subarray(0, 4)))
    .slice(0, most);
}

describe('what this machine’s own programs say', () => {
  test('readelf agrees with every name and version', async (context) => {
    await requireComponent(context, 'readelf');
    for (const path of libraries()) {
      const facts = parseElf(readFileSync(path), path);
      const text = await mustRun('readelf', ['-d', '-V', '-W', path]);
      const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
      expect([path, ...facts.needed]).toEqual([path, ...all(/\(NEEDED\).*\[(.*)\]/g)]);
      expect([path, facts.soname]).toEqual([path, all(/\(SONAME\).*\[(.*)\]/g)[0]]);
      const needs = text.slice(text.indexOf('Version needs section'));
      const versions = [...needs.matchAll(/^ +0x[0-9a-f]+: +Name: (\S+)/gm)].map((match) => match[1] ?? '');
      const needed = text.includes('Version needs section') ? versions : [];
      expect([path, ...facts.neededVersions.map((one) => one.version).sort()]).toEqual([path, ...needed.sort()]);
      const definitions = /Version definition section[\s\S]*?(?=\n\n|Version needs|$)/.exec(text)?.[0] ?? '';
      const defined = [...definitions.matchAll(/Flags: (\S+) .*Name: (\S+)/g)].filter(
        (match) => !match[1]?.includes('BASE'),
      );
      expect([path, ...facts.definedVersions].sort()).toEqual([path, ...defined.map((match) => match[2] ?? '')].sort());
    }
  });

  test('ldd finds the same libraries', async () => {
    const files = treeOf([folder, '/usr/lib64', '/usr/lib']);
    const tree = layTree([files]);
    const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const folders = [`usr/lib/${triplet}`, 'usr/lib'];
    const loader = createLoader(tree, { machine, libraryPath: [], folders });
    for (const path of libraries()) {
      const text = await mustRun('ldd', [path], { env: { ...process.env, LD_LIBRARY_PATH: '', LD_PRELOAD: '' } });
      const theirs = [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => realpathSync(match[1] ?? ''));
      const ours = loader
        .load(path)
        .objects.slice(1)
        .map((one) => `/${one}`);
      const own = realpathSync(path);
      // What lies outside these folders (private ones that ld.so.conf names) is not in the tree.
      const inside = theirs.filter(
        (one) => one !== own && /^\/usr\/lib(?:64)?\//.test(one) && tree.find(one) !== undefined,
      );
      expect([path, ...ours.filter((one) => one !== own).sort()]).toEqual(
        [path, ...new Set(inside)].sort((a, b) => Number(a !== path) - Number(b !== path) || (a < b ? -1 : 1)),
      );
    }
  });
});

function treeOf(folders: readonly string[]): FileFacts[] {
  const files: FileFacts[] = [];
  for (const one of folders) {
    for (const entry of readdirSync(one, { withFileTypes: true })) {
      const path = join(one, entry.name);
      const common = { path: path.slice(1), mode: 0o755, uid: 0, gid: 0 };
      if (entry.isFile() && /\.so|^ld-/.test(entry.name))
        files.push(factsOfBytes({ ...common, type: 'file' }, readFileSync(path)));
      if (entry.isSymbolicLink()) files.push({ ...common, type: 'symlink', size: 0, linkTarget: realpathSync(path) });
    }
  }
  return files;
}
