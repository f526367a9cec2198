import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeDeb } from '../../test/support/deb-maker.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { isTareError } from '../base/errors.ts';
import { composeBusybox, parseApplets } from './busybox.ts';

/** A program with a table of names between other things, as the linker lays them down. */
const program = (names: readonly string[], before = '\0zz\x1a'): Buffer =>
  Buffer.from(`\x7fELF${before}${names.map((name) => `${name}\0`).join('')}\0/var/log/wtmp\0`, 'latin1');

describe('the applets of a busybox', () => {
  test('are the table of names, however it is surrounded', () => {
    const names = ['[', '[[', 'acpid', 'ls', 'run-parts', 'sh', 'udhcpc6'];
    expect(parseApplets(program(names), 'deb')).toEqual(names);
    // The builtins of its shell look alike, and are fewer.
    expect(parseApplets(program(names, '[\0[[\0alias\0ls\0sh\0\x02'), 'deb')).toEqual(names);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a table without a shell', program(['[', '[[', 'ls'])],
    ['no table', Buffer.from('ls\0sh\0')],
    ['a table that is cut off', Buffer.from('[\0[[\0ls\0sh')],
  ])('%s is refused', (_kind, bytes) => {
    expect(() => parseApplets(bytes, 'deb')).toThrow(expect.objectContaining({ code: 'BUSYBOX_INVALID' }));
  });

  test('of any bytes are names of files, or the error', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 6 })), fc.uint8Array(), (names, bytes) => {
        try {
          const found = parseApplets(Buffer.concat([program(['[', '[[', ...names]), Buffer.from(bytes)]), 'deb');
          for (const name of found) expect(name).toMatch(/^[a-z0-9[][a-z0-9._[-]*$/);
        } catch (error) {
          if (!isTareError(error)) throw error;
        }
      }),
    );
  });
});

async function composed(recordsPackages: boolean) {
  const { bytes, spec } = makeDeb({
    name: 'busybox-static',
    version: '1:1.37.0-6',
    data: [
      { name: './bin/busybox', bytes: program(['[', '[[', 'ls', 'sh']), mode: 0o755 },
      { name: './usr/share/doc/busybox-static/copyright', bytes: 'GPL-2\n' },
      { name: './usr/share/initramfs-tools/hooks/zz-busybox', bytes: '#!/bin/sh\n', mode: 0o755 },
    ],
  });
  const file = join(await temporaryDir('busybox'), 'busybox.deb');
  await writeFile(file, bytes);
  return composeBusybox({ file, package: { name: spec.name, version: spec.version } }, { recordsPackages });
}

test('the layer has busybox, a link for each applet and its license, and hides nothing of the image', async () => {
  const entries = await composed(false);
  expect(entries.filter((one) => one.type !== 'directory').map((one) => [one.path, one.linkTarget])).toEqual([
    ['busybox/[', 'busybox'],
    ['busybox/[[', 'busybox'],
    ['busybox/busybox', undefined],
    ['busybox/ls', 'busybox'],
    ['busybox/sh', 'busybox'],
    ['usr/share/doc/busybox-static/copyright', undefined],
  ]);
  expect(entries.map((one) => one.path)).toEqual(entries.map((one) => one.path).toSorted());
});

test('where packages are told one file each, a scanner finds it', async () => {
  const paths = (await composed(true)).map((one) => one.path);
  expect(paths).toContain('var/lib/dpkg/status.d/busybox-static');
});
