import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeLayer, makeTinyImage, type TinyEntry } from '../../test/support/tiny-image.ts';
import { isTareError } from '../base/errors.ts';
import { sha256 } from '../base/digest.ts';
import { applyLayer, openRootfs } from './apply-layer.ts';
import { writeRootfs } from './rootfs.ts';

let folder: string;
let dir: string;
const { signal } = new AbortController();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tare-rootfs-'));
  dir = join(folder, 'root');
});

afterEach(() => rm(folder, { recursive: true }));

async function unpack(...layers: readonly (readonly TinyEntry[])[]): Promise<void> {
  await writeRootfs(await makeTinyImage(join(folder, 'cache'), layers), dir, { signal });
}

async function tree(): Promise<readonly string[]> {
  const names = await readdir(dir, { recursive: true });
  return names.sort();
}

const file = (name: string, content = name): TinyEntry => ({ name, content });
const folderEntry = (name: string): TinyEntry => ({ name, type: 'directory', mode: 0o755 });
const linkEntry = (name: string, linkname: string): TinyEntry => ({ name, type: 'symlink', linkname });

describe('layers', () => {
  test('give files, folders, links, modes and times, whatever the umask', async () => {
    const previous = process.umask(0o077);
    try {
      await unpack([
        { name: 'usr/', type: 'directory', mode: 0o755 },
        { name: 'usr/bin/tool', mode: 0o4755, content: 'tool', mtime: new Date(86_400_000) },
        { name: 'usr/lib/same', type: 'link', linkname: 'usr/bin/tool', mode: 0o4755, mtime: new Date(86_400_000) },
        { name: 'bin', type: 'symlink', linkname: 'usr/bin' },
        { name: 'tmp/', type: 'directory', mode: 0o1777, mtime: new Date(2 * 86_400_000) },
        { name: 'tmp/имя', mode: 0o644, content: '' },
      ]);
    } finally {
      process.umask(previous);
    }
    const tool = await stat(join(dir, 'bin', 'tool'));
    expect([tool.mode % 0o10000, tool.mtimeMs, tool.nlink, tool.ino]).toEqual([
      0o4755,
      86_400_000,
      2,
      (await stat(join(dir, 'usr/lib/same'))).ino,
    ]);
    expect(await readlink(join(dir, 'bin'))).toBe('usr/bin');
    const tmp = await stat(join(dir, 'tmp'));
    expect([tmp.mode % 0o10000, tmp.mtimeMs]).toEqual([0o1777, 2 * 86_400_000]);
    expect(await tree()).toContain('tmp/имя');
  });

  test('set owners for root, and leave them to the one who unpacks otherwise', async () => {
    const image = await makeTinyImage(join(folder, 'cache'), [
      [{ name: 'a', uid: 65532, gid: 65533, mode: 0o600, content: 'x' }],
    ]);
    await writeRootfs(image, dir, { signal, ownership: false });
    expect((await stat(join(dir, 'a'))).uid).toBe(process.getuid?.());
    const { ownership } = await writeRootfs(image, join(folder, 'other'), { signal, ownership: true });
    const { uid, gid } = await stat(join(folder, 'other', 'a'));
    expect(ownership ? [uid, gid] : [uid]).toEqual(ownership ? [65532, 65533] : [process.getuid?.()]);
  });

  test('lie over each other, with whiteouts and opaque folders that hide only what is below', async () => {
    await unpack(
      [
        file('a/one'),
        file('a/two'),
        file('b/sub/old'),
        file('b/old'),
        file('gone/deep/er'),
        file('kind'),
        folderEntry('swap/'),
        file('swap/x'),
      ],
      [
        file('a/.wh.one', ''),
        file('b/sub/new'),
        file('b/.wh..wh..opq', ''),
        file('b/new'),
        file('.wh.gone', ''),
        file('absent/.wh.thing', ''),
        file('.wh..wh.plnk', ''),
        folderEntry('kind/'),
        file('swap', 'now a file'),
      ],
    );
    expect(await tree()).toEqual(['a', 'a/two', 'b', 'b/new', 'b/sub', 'b/sub/new', 'kind', 'swap']);
    expect(await readFile(join(dir, 'swap'), 'utf8')).toBe('now a file');
  });

  test('a whiteout does not hide what its own layer has', async () => {
    await unpack([file('a/old')], [file('a/new'), file('.wh.a', '')]);
    expect(await tree()).toEqual(['a', 'a/new']);
  });

  test('write through a link to a folder, as a process in the image would', async () => {
    await unpack(
      [folderEntry('usr/lib/'), linkEntry('lib', '/usr/lib'), linkEntry('up', '../../../../usr')],
      [file('lib/a'), file('up/lib/b')],
    );
    expect((await readdir(join(dir, 'usr', 'lib'))).sort()).toEqual(['a', 'b']);
  });

  test('a file that replaces one of a lower layer does not write into its other names', async () => {
    await unpack([file('a', 'one'), { name: 'b', type: 'link', linkname: 'a' }], [file('a', 'two')]);
    expect([await readFile(join(dir, 'a'), 'utf8'), await readFile(join(dir, 'b'), 'utf8')]).toEqual(['two', 'one']);
  });

  test('a folder that may not be written is filled, and replaced later', async () => {
    await unpack([{ name: 'ro/', type: 'directory', mode: 0o555 }, file('ro/a')], [file('ro/b')]);
    expect((await stat(join(dir, 'ro'))).mode % 0o1000).toBe(0o555);
    await unpack([file('next')]);
    expect(await tree()).toEqual(['next']);
  });
});

describe('hostile layers', () => {
  async function outside(): Promise<string> {
    const path = join(folder, 'outside');
    await mkdir(path, { mode: 0o755 });
    await writeFile(join(path, 'precious'), 'mine');
    return path;
  }

  test.each<readonly [string, (outside: string) => readonly (readonly TinyEntry[])[]]>([
    ['a file through an absolute link', (path) => [[linkEntry('x', path), file('x/precious', 'theirs')]]],
    ['a file through a relative link', () => [[linkEntry('x', '../../outside'), file('x/precious', 'theirs')]]],
    ['a file over a link', (path) => [[linkEntry('x', `${path}/precious`), file('x', 'theirs')]]],
    ['a whiteout through a link', (path) => [[linkEntry('x', path)], [file('x/.wh.precious', '')]]],
    ['an opaque folder through a link', (path) => [[linkEntry('x', path)], [file('x/.wh..wh..opq', '')]]],
    [
      'the mode of a folder that became a link',
      (path) => [
        [
          { name: 'x/', type: 'directory', mode: 0o000 },
          { name: 'x/outside/', type: 'directory', mode: 0o000 },
        ],
        [file('.wh.x', ''), linkEntry('x', join(path, '..'))],
      ],
    ],
  ])('%s touches nothing outside', async (_name, layers) => {
    const path = await outside();
    await unpack(...layers(path)).catch((error: unknown) =>
      expect(error).toMatchObject({ code: 'LAYER_ENTRY_INVALID' }),
    );
    expect(await readFile(join(path, 'precious'), 'utf8')).toBe('mine');
    expect((await stat(path)).mode % 0o1000).toBe(0o755);
  });

  test('a hard link takes no file from outside', async () => {
    const path = await outside();
    await expect(
      unpack([linkEntry('x', path), { name: 'y', type: 'link', linkname: 'x/precious' }]),
    ).rejects.toMatchObject({ code: 'LAYER_ENTRY_INVALID' });
    expect((await stat(join(path, 'precious'))).nlink).toBe(1);
  });

  test.each<readonly [string, readonly TinyEntry[]]>([
    ['a loop of links', [linkEntry('a', 'b'), linkEntry('b', 'a'), file('a/x')]],
    ['a file used as a folder', [file('a'), file('a/b')]],
    ['a hard link to nothing', [{ name: 'a', type: 'link', linkname: 'b' }]],
    [
      'a hard link in place of the folder that has its target',
      [file('a/b'), { name: 'a', type: 'link', linkname: 'a/b' }],
    ],
    ['a hard link to a folder', [folderEntry('b/'), { name: 'a', type: 'link', linkname: 'b' }]],
    ['a whiteout of the folder above', [folderEntry('a/'), file('a/.wh...', '')]],
    ['a whiteout of the folder itself', [folderEntry('a/'), file('a/.wh..', '')]],
    ['a name that is too long', [file('n'.repeat(300))]],
  ])('%s is an error, and nothing is left', async (_name, entries) => {
    await expect(unpack(entries)).rejects.toMatchObject({ code: 'LAYER_ENTRY_INVALID' });
    expect(await readdir(folder)).toEqual(['cache']);
  });

  test('a layer that unpacks to other bytes than the image says is refused', async () => {
    const image = await makeTinyImage(join(folder, 'cache'), [[file('a')]]);
    const layers = image.layers.map((layer) => ({ ...layer, diffId: sha256('other') }));
    await expect(writeRootfs({ ...image, layers }, dir, { signal })).rejects.toMatchObject({
      code: 'LAYER_DIFF_ID_MISMATCH',
    });
    expect(await readdir(folder)).toEqual(['cache']);
  });

  test('a layer that is cut short is refused', async () => {
    const layer = await makeLayer(join(folder, 'cache'), Buffer.from('no archive'.repeat(200)));
    const image = await makeTinyImage(join(folder, 'cache'), []);
    const [cut] = (await makeTinyImage(join(folder, 'cache'), [[file('a', 'x'.repeat(5000))]])).layers;
    if (cut === undefined) throw new Error('no layer');
    await chmod(cut.file, 0o644);
    await writeFile(cut.file, (await readFile(cut.file)).subarray(0, -20));
    await expect(writeRootfs({ ...image, layers: [cut] }, dir, { signal })).rejects.toMatchObject({
      code: 'LAYER_UNREADABLE',
    });
    await expect(writeRootfs({ ...image, layers: [layer] }, dir, { signal })).rejects.toSatisfy(isTareError);
    expect(await readdir(folder)).toEqual(['cache']);
  });

  test('whatever entries come in whatever order, nothing outside changes and only known errors come', async () => {
    const path = await outside();
    const name = fc.constantFrom(
      'a',
      'b',
      'a/b',
      'a/a',
      'b/a',
      'a/outside',
      '.wh.a',
      'a/.wh.b',
      'b/.wh..wh..opq',
      'a/b/a',
    );
    const target = fc.constantFrom('a', 'b', '..', '../..', '../../outside', '/', path, 'a/b', '/a');
    const entry = fc.record({
      path: name,
      type: fc.constantFrom('file' as const, 'directory' as const, 'symlink' as const, 'hardlink' as const),
      linkTarget: target,
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 8 }), { maxLength: 3 }), async (layers) => {
        const root = join(folder, `round-${round++}`);
        await mkdir(root);
        const rootfs = openRootfs(root, false, 'test');
        try {
          for (const layer of layers) await applyLayer(rootfs, stream(layer), 'test', signal);
        } catch (error) {
          expect(error).toMatchObject({ code: 'LAYER_ENTRY_INVALID' });
        }
        expect(await readdir(path)).toEqual(['precious']);
        expect(await lstat(join(path, 'precious'))).toMatchObject({ nlink: 1, size: 4 });
        await rm(root, { recursive: true });
      }),
      { numRuns: 150 },
    );
  });
});

interface LooseEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  readonly linkTarget: string;
}

async function* stream(entries: readonly LooseEntry[]) {
  for (const entry of entries) {
    const body = (async function* () {
      yield Buffer.from('theirs');
    })();
    yield { ...entry, mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 6, body };
  }
}

describe('the place', () => {
  test('what is there of the same image stays; of another image is replaced', async () => {
    await unpack([file('a')]);
    await writeFile(join(dir, 'added'), '');
    await unpack([file('a')]);
    expect(await tree()).toEqual(['a', 'added']);
    await unpack([file('b')]);
    expect(await tree()).toEqual(['b']);
    expect((await readdir(folder)).sort()).toEqual(['.root.tare-rootfs.json', 'cache', 'root']);
  });

  test('a folder that tare did not write stays, even under a name that it used before', async () => {
    await mkdir(dir);
    await writeFile(join(dir, 'thesis.txt'), 'mine');
    await expect(unpack([file('a')])).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    await rm(dir, { recursive: true });
    await unpack([file('a')]);
    await link(join(dir, 'a'), join(folder, 'kept'));
    await rm(dir, { recursive: true });
    await mkdir(join(folder, 'new'));
    await writeFile(join(folder, 'new', 'thesis.txt'), 'mine');
    await symlink('new', dir);
    await expect(unpack([file('b')])).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(await readFile(join(dir, 'thesis.txt'), 'utf8')).toBe('mine');
  });

  test('an abort leaves nothing', async () => {
    const image = await makeTinyImage(join(folder, 'cache'), [[file('a')]]);
    await expect(writeRootfs(image, dir, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow(
      'stopped',
    );
    expect(await readdir(folder)).toEqual(['cache']);
  });
});
