import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileFacts } from './file-facts.ts';
import { layTree } from './tree.ts';

const file = (path: string, size = 1): FileFacts => ({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size });
const folder = (path: string, mode = 0o755): FileFacts => ({ path, type: 'directory', mode, uid: 0, gid: 0, size: 0 });
const link = (path: string, linkTarget: string): FileFacts => ({ ...file(path, 0), type: 'symlink', linkTarget });
const hard = (path: string, linkTarget: string): FileFacts => ({ ...file(path, 0), type: 'hardlink', linkTarget });
const paths = (...layers: FileFacts[][]) =>
  layTree(layers)
    .entries()
    .map((one) => one.path);

describe('layers laid over each other', () => {
  test('a later file replaces an earlier one, folders grow together', () => {
    const tree = layTree([
      [folder('a'), file('a/x', 1), file('a/y')],
      [folder('a', 0o700), file('a/x', 2)],
    ]);
    expect(tree.find('a/x')?.size).toBe(2);
    expect(tree.find('a')?.mode).toBe(0o700);
    expect(tree.children('/a')).toEqual(['x', 'y']);
  });

  // OCI image specification, layer.md, "Whiteouts" and "Opaque Whiteout".
  test('whiteouts hide what is below, not what is in their own layer', () => {
    const below = [folder('a'), file('a/x'), file('a/y'), file('b/z')];
    expect(paths(below, [file('a/.wh.x')])).toEqual(['a', 'a/y', 'b', 'b/z']);
    expect(paths(below, [file('.wh.a')])).toEqual(['b', 'b/z']);
    expect(paths(below, [file('a/n'), file('a/.wh..wh..opq')])).toEqual(['a', 'a/n', 'b', 'b/z']);
    expect(paths(below, [file('a/.wh.none'), file('none/.wh.x')])).toEqual(['a', 'a/x', 'a/y', 'b', 'b/z']);
  });

  test('a file takes the place of a folder with all that is in it', () => {
    expect(paths([folder('a'), file('a/x')], [file('a')])).toEqual(['a']);
    expect(paths([file('a')], [folder('a'), file('a/x')])).toEqual(['a', 'a/x']);
  });

  test('what a layer puts through a link of a lower layer ends up where the link leads', () => {
    const tree = layTree([[folder('usr'), folder('usr/lib'), link('lib', 'usr/lib')], [file('lib/x')]]);
    expect(tree.find('usr/lib/x')?.path).toBe('usr/lib/x');
    expect(tree.find('lib/x')?.path).toBe('usr/lib/x');
  });

  test('a hard link is the file under another name', () => {
    const tree = layTree([[file('a', 7), hard('b', 'a')]]);
    expect(tree.find('b')).toMatchObject({ path: 'b', type: 'file', size: 7 });
  });
});

describe('paths', () => {
  const tree = layTree([
    [
      folder('usr'),
      file('usr/bin/python3.13'),
      link('usr/bin/python3', 'python3.13'),
      link('usr/bin/absolute', '/usr/bin/python3'),
      link('usr/bin/up', '../../../../usr/bin/python3'),
      link('bin', 'usr/bin'),
      link('loop', 'loop'),
      link('one', 'two'),
      link('two', 'one'),
      link('dangling', 'nowhere'),
    ],
  ]);

  test('all links are followed, absolute ones from the root, none above it', () => {
    for (const path of ['bin/python3', '/bin/absolute', 'usr/bin/up', 'usr/../bin/./python3']) {
      expect(tree.resolve(path)?.path, path).toBe('usr/bin/python3.13');
    }
  });

  test('find does not follow the last link', () => {
    expect(tree.find('bin')?.type).toBe('symlink');
    expect(tree.find('bin/python3')).toMatchObject({ path: 'usr/bin/python3', type: 'symlink' });
  });

  test('circles and links to nothing lead nowhere', () => {
    for (const path of ['loop', 'one', 'dangling', 'loop/x', 'usr/bin/python3.13/x'])
      expect(tree.resolve(path)).toBeUndefined();
  });

  test('whatever stands in layers, no question hangs or throws', () => {
    const name = fc.constantFrom('a', 'b', '.wh.a', '.wh..wh..opq', '..', '.', '');
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const entry = fc.oneof(
      path.map((one) => file(one)),
      path.map((one) => folder(one)),
      fc.tuple(path, path).map(([from, to]) => link(from, to)),
      fc.tuple(path, path).map(([from, to]) => hard(from, to)),
    );
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 8 }), { maxLength: 4 }), path, (layers, asked) => {
        const made = layTree(layers);
        for (const facts of made.entries()) expect(made.find(facts.path)?.path).toBe(facts.path);
        made.resolve(asked);
        made.children(asked);
      }),
    );
  });
});
