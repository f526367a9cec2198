import { describe, expect, test } from 'vitest';
import { layTree } from './tree.ts';
import { readLoaderFolders } from './loader-folders.ts';

const entry = (path: string, type: 'file' | 'directory' = 'directory') =>
  ({ path, type, mode: 0o755, uid: 0, gid: 0, size: 0 }) as const;
const link = (path: string, linkTarget: string) => ({ ...entry(path), type: 'symlink', linkTarget }) as const;

function foldersOf(texts: Readonly<Record<string, string>>, folders: readonly string[], architecture = 'amd64') {
  const files = Object.keys(texts).map((path) => entry(path, 'file'));
  const tree = layTree([[...folders.map((path) => entry(path)), link('lib', 'usr/lib'), ...files]]);
  return readLoaderFolders(tree, (path) => texts[path], architecture);
}

describe('folders of the loader', () => {
  test('are in the order of the files, each once, with those of glibc last', () => {
    const texts = {
      'etc/ld.so.conf': '/opt/first\ninclude ld.so.conf.d/*.conf\n/opt/last # why\nhwcap 1 nosegneg\n',
      'etc/ld.so.conf.d/b.conf': '/opt/b\n',
      'etc/ld.so.conf.d/a.conf': '/lib/x86_64-linux-gnu\n/opt/a/\n',
      'etc/ld.so.conf.d/.hidden.conf': '/opt/hidden\n',
      'etc/ld.so.conf.d/c.conf.dpkg-old': '/opt/old\n',
    };
    const folders = ['opt/first', 'opt/a', 'opt/b', 'opt/last', 'opt/hidden', 'opt/old', 'usr/lib/x86_64-linux-gnu'];
    expect(foldersOf(texts, folders)).toEqual([
      'opt/first',
      'usr/lib/x86_64-linux-gnu',
      'opt/a',
      'opt/b',
      'opt/last',
      'usr/lib',
    ]);
  });

  test('that are not there, or are files, are left out; includes that go round end', () => {
    const texts = { 'etc/ld.so.conf': 'include ld.so.conf\n/nowhere\n/etc/passwd\n/opt/x\n', 'etc/passwd': '' };
    expect(foldersOf(texts, ['opt/x'])).toEqual(['opt/x']);
  });

  test('without a configuration are those that glibc has built in for the architecture', () => {
    const folders = ['usr/lib/aarch64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'usr/lib64'];
    expect(foldersOf({}, folders, 'arm64')).toEqual(['usr/lib/aarch64-linux-gnu', 'usr/lib', 'usr/lib64']);
    expect(foldersOf({}, folders, 'sparc')).toEqual(['usr/lib', 'usr/lib64']);
  });

  test('a pattern is a pattern of names, not of regular expressions', () => {
    const texts = { 'etc/ld.so.conf': 'include d/(a+)+$?.conf d/[x]*\n', 'etc/d/aaaa.conf': '/opt/x\n' };
    expect(foldersOf(texts, ['opt/x'])).toEqual([]);
  });
});
