import { access, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mustRun, runCommand } from '../../test/support/command.ts';
import { compose, file, status, unpacked } from '../../test/support/composed-system.ts';
import type { DebSpec } from '../../test/support/deb-maker.ts';
import { makeElf } from '../../test/support/elf-maker.ts';

describe('the record of packages', () => {
  const spec: DebSpec = {
    name: 'libaa1',
    version: '2:1.0-1',
    data: [
      file('etc/aa.conf', 'a'),
      file('usr/bin/a', 'A'),
      file('usr/share/man/man1/a.1', 'M'),
      file('lib/x86_64-linux-gnu/liba.so.1', makeElf({ soname: 'liba.so.1' })),
    ],
    fields: { 'Multi-Arch': 'same', Depends: 'libc6 (>= 2.30)' },
    scripts: {
      conffiles: '/etc/aa.conf\n',
      postinst: '#!/bin/sh\nset -e\nupdate-alternatives --install /usr/bin/x x /usr/bin/a 5\n',
      triggers: 'activate-noawait ldconfig\ninterest-noawait /usr/share/aa\ninterest aa-changed\n',
    },
  };

  test('is in status.d without a database, and under `needed`', async () => {
    for (const options of [{ policy: 'depends' }, { policy: 'needed', baseStatus: status }] as const) {
      const { entries, text } = await compose([spec], options);
      expect(text('var/lib/dpkg/status.d/libaa1')).toMatch(
        /^Package: libaa1\nStatus: install ok installed\nVersion: 2:1.0-1\n/,
      );
      expect(
        text('var/lib/dpkg/status.d/libaa1.md5sums')
          ?.split('\n')
          .map((line) => line.slice(34)),
      ).toEqual(['usr/bin/a', 'lib/x86_64-linux-gnu/liba.so.1', '']);
      expect(entries.filter(({ path }) => /dpkg\/(?:info|alternatives|status$)/.test(path))).toEqual([]);
    }
  });

  test('is one that dpkg and apt go on with', async (context) => {
    if ((await runCommand('dpkg', ['--version'])).code !== 0 || process.getuid?.() !== 0)
      context.skip('needs dpkg and root');
    const old =
      'Package: libaa1\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 0.9\nDescription: x\n';
    const composed = await compose([spec], {
      policy: 'depends',
      baseStatus: `${status}\n${old}`,
      baseTexts: { 'var/lib/dpkg/triggers/File': '/usr/share/bb bb\n' },
    });
    const root = await unpacked(composed);
    for (const [path, text] of [
      ['var/lib/dpkg/info/libc6.list', '/.\n'],
      ['var/lib/dpkg/info/libc6.md5sums', ''],
      ['var/lib/dpkg/info/format', '1\n'],
      ['var/lib/dpkg/arch', 'amd64\n'],
    ] as const) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await mkdir(join(root, 'var/lib/dpkg/updates'));
    await symlink('usr/lib', join(root, 'lib'));
    const dpkg = (...args: string[]) => mustRun('dpkg', ['--root', root, ...args]);
    expect(await dpkg('--audit')).toBe('');
    expect(await dpkg('--verify', 'libaa1:amd64')).toBe('');
    expect(await dpkg('--listfiles', 'libaa1:amd64')).toContain('/lib/x86_64-linux-gnu/liba.so.1\n');
    const shown = await mustRun('dpkg-query', [
      '--admindir',
      join(root, 'var/lib/dpkg'),
      '-W',
      '-f',
      '${Package} ${Version} ${db:Status-Status}\n${Conffiles}\n',
    ]);
    expect(shown).toContain('libaa1 2:1.0-1 installed\n /etc/aa.conf 0cc175b9c0f1b6a831c399e269772661');
    expect(shown).not.toContain('config-files');
    await writeFile(join(root, 'usr/bin/a'), 'changed');
    expect((await runCommand('dpkg', ['--root', root, '--verify', 'libaa1:amd64'])).stdout).toContain('/usr/bin/a');
    expect(composed.text('var/lib/dpkg/triggers/File')).toBe('/usr/share/bb bb\n/usr/share/aa libaa1:amd64/noawait\n');
    expect(composed.text('var/lib/dpkg/triggers/aa-changed')).toBe('libaa1:amd64\n');
    const query = ['--root', root, '--query', 'x'];
    expect(await mustRun('update-alternatives', query)).toContain('Best: /usr/bin/a');
    await access(join(root, 'var/lib/dpkg/info/libaa1:amd64.postinst'));
  });
});
