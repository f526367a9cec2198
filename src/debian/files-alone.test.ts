import { describe, expect, test } from 'vitest';
import { areFilesAlone } from './files-alone.ts';
import type { PackageFacts } from './package-facts.ts';

function packageOf(change: Partial<PackageFacts>): PackageFacts {
  return {
    name: 'libx11-6',
    version: '1',
    architecture: 'amd64',
    files: [],
    scripts: [],
    alternatives: [],
    diversions: [],
    triggers: ['activate-noawait ldconfig'],
    openScripts: [],
    madeByScripts: false,
    ...change,
  };
}

const file = (path: string) => ({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 1 }) as const;

describe('packages are there once their files are', () => {
  test('where nothing but the loader is told', () => {
    expect(areFilesAlone([packageOf({ files: [file('usr/lib/libX11.so.6')] })])).toBe(true);
    expect(areFilesAlone([])).toBe(true);
  });

  test.each<[string, Partial<PackageFacts>]>([
    ['a script makes a file', { madeByScripts: true }],
    [
      'a script does what nobody has read',
      { openScripts: [{ script: 'postinst', line: 1, command: 'x', verdict: 'unsupported', because: '' }] },
    ],
    ['a file of another package is put aside', { diversions: ['/usr/bin/which'] }],
    ['there is a program, which may start others', { files: [file('usr/bin/Xvfb')] }],
  ])('not where %s', (_why, change) => {
    expect(areFilesAlone([packageOf({}), packageOf({ name: 'other', ...change })])).toBe(false);
  });

  test('not where one waits for files that another brings', () => {
    const mime = packageOf({ name: 'shared-mime-info', triggers: ['interest-noawait /usr/share/mime/packages'] });
    const other = packageOf({ name: 'other', files: [file('usr/share/mime/packages/other.xml')] });
    expect(areFilesAlone([mime, other])).toBe(false);
    expect(areFilesAlone([mime, packageOf({ files: [file('usr/share/mime/packages-of-mine')] })])).toBe(true);
  });

  test('not where the base waits for them', () => {
    const triggers =
      '/usr/share/fonts fontconfig/noawait\n/lib/x/gdk-pixbuf-2.0/loaders libgdk-pixbuf-2.0-0:amd64/noawait\n';
    const loader = packageOf({ files: [file('usr/lib/x/gdk-pixbuf-2.0/loaders/webp.so')] });
    expect(areFilesAlone([loader])).toBe(true);
    expect(areFilesAlone([loader], triggers)).toBe(false);
  });
});
