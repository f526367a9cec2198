import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mustRun, runCommand } from '../../test/support/command.ts';
import { compose, file, inBase, link, slim, triplet, unpacked } from '../../test/support/composed-system.ts';
import type { DebSpec } from '../../test/support/deb-maker.ts';
import { makeElf } from '../../test/support/elf-maker.ts';

describe('what maintainer scripts would have made', () => {
  test("the loader's cache has the libraries of base and packages, through alternatives too", async (context) => {
    const blas = (priority: number, name: string): DebSpec => ({
      name: `lib${name}`,
      data: [file(`${triplet}/${name}/libblas.so.3`, makeElf({ soname: 'libblas.so.3' }))],
      scripts: {
        postinst: `#!/bin/sh\nupdate-alternatives --install /${triplet}/libblas.so.3 libblas.so.3-x /${triplet}/${name}/libblas.so.3 ${priority}\n`,
      },
    });
    const elf = {
      class: 64,
      endian: 'little',
      machine: 'amd64',
      type: 'shared',
      soname: 'libc.so.6',
      needed: [],
      neededVersions: [],
      definedVersions: [],
    } as const;
    const base = [...slim, inBase(`${triplet}/libc.so.6`, 'file', { size: 9, elf })];
    const other: DebSpec = {
      name: 'libq',
      data: [
        file(`${triplet}/libq.so.1.2`, makeElf({ soname: 'libq.so.1' })),
        link(`${triplet}/libq.so.1`, 'libq.so.1.2'),
      ],
    };
    const composed = await compose([blas(10, 'blas'), blas(100, 'openblas'), other], { base });
    expect(composed.get('etc/alternatives/libblas.so.3-x')?.linkTarget).toBe(`/${triplet}/openblas/libblas.so.3`);
    expect(composed.get(`${triplet}/libblas.so.3`)?.linkTarget).toBe('/etc/alternatives/libblas.so.3-x');
    if ((await runCommand('/sbin/ldconfig', ['--version'])).code !== 0) context.skip('needs ldconfig');
    const cache = join(await unpacked(composed), 'etc/ld.so.cache');
    const printed = await mustRun('/sbin/ldconfig', ['-p', '-C', cache]);
    const found = [...printed.matchAll(/^\t(\S+) \(libc6,x86-64\) => (\S+)$/gm)].map((match) => match.slice(1));
    expect(found).toEqual(
      ['libq.so.1', 'libc.so.6', 'libblas.so.3'].map((name) => [name, `/lib/x86_64-linux-gnu/${name}`]),
    );
  });

  test('what the base chose by itself stays where its choices are not known', async () => {
    const base = [
      ...slim,
      inBase('etc/alternatives/x', 'symlink', { linkTarget: '/usr/bin/old' }),
      inBase('usr/bin/old', 'file'),
    ];
    const spec = {
      name: 'aa',
      data: [file('usr/bin/new')],
      scripts: { postinst: '#!/bin/sh\nupdate-alternatives --install /usr/bin/x x /usr/bin/new 900\n' },
    };
    expect((await compose([spec], { base })).get('etc/alternatives/x')).toBeUndefined();
    const note = 'auto\n/usr/bin/x\n\n/usr/bin/old\n50\n\n';
    const known = await compose([spec], { base, baseTexts: { 'var/lib/dpkg/alternatives/x': note } });
    expect(known.get('etc/alternatives/x')?.linkTarget).toBe('/usr/bin/new');
  });

  test('image loaders whose libraries are there, and a warning for one that is not known', async () => {
    const loaders = `${triplet}/gdk-pixbuf-2.0/2.10.0/loaders`;
    const { text, facts } = await compose([
      {
        name: 'aa',
        data: [
          file(`${loaders}/libpixbufloader-gif.so`, makeElf({})),
          file(`${loaders}/libpixbufloader-tiff.so`, makeElf({ needed: ['libtiff.so.6'] })),
          file(`${loaders}/libpixbufloader-new.so`, makeElf({})),
        ],
      },
    ]);
    const cache = text(`${triplet}/gdk-pixbuf-2.0/2.10.0/loaders.cache`);
    expect(cache).toContain(
      `"/${loaders}/libpixbufloader-gif.so"\n"gif" 4 "gdk-pixbuf" "GIF" "LGPL"\n"image/gif" ""\n"gif" ""\n"GIF8" "" 100\n\n`,
    );
    expect(cache).not.toMatch(/tiff|new/);
    expect(facts.warnings).toEqual([expect.stringContaining('libpixbufloader-new.so')]);
  });

  test('file types, where the base has none', async () => {
    const xml = '<mime-info><mime-type type="image/x-a"><glob pattern="*.aaa"/></mime-type></mime-info>';
    const spec = { name: 'aa', data: [file('usr/share/mime/packages/freedesktop.org.xml', xml)] };
    expect((await compose([spec])).text('usr/share/mime/globs2')).toContain('50:image/x-a:*.aaa\n');
    const base = [...slim, inBase('usr/share/mime/mime.cache', 'file', { size: 5 })];
    const { get, facts } = await compose([spec], { base });
    expect(get('usr/share/mime/globs2')).toBeUndefined();
    expect(facts.warnings).toEqual([expect.stringContaining('freedesktop.org.xml')]);
  });

  test('ODBC drivers beside those of the base, as far as those are known', async () => {
    const spec = {
      name: 'tdsodbc',
      data: [file('usr/share/tdsodbc/odbcinst.ini', '[FreeTDS]\nDriver = libtdsodbc.so\n')],
    };
    expect((await compose([spec])).text('etc/odbcinst.ini')).toBe(
      '[FreeTDS]\nDriver = libtdsodbc.so\nUsageCount=1\n\n',
    );
    const base = [...slim, inBase('etc/odbcinst.ini', 'file', { size: 9 })];
    expect((await compose([spec], { base })).facts.warnings).toEqual([expect.stringContaining('[FreeTDS]')]);
    const both = await compose([spec], { base, baseTexts: { 'etc/odbcinst.ini': '[One]\nDriver=1\n' } });
    expect(both.text('etc/odbcinst.ini')).toMatch(/^\[One\][^]*\[FreeTDS\]/);
  });

  test('certificates, links of fontconfig, a copied configuration', async () => {
    const { text, get } = await compose([
      {
        name: 'ca-certificates',
        data: [file('usr/share/ca-certificates/m/b.crt', 'B'), file('usr/share/ca-certificates/m/a.crt', 'A')],
      },
      {
        name: 'fontconfig-config',
        data: [
          file('usr/share/fontconfig/conf.avail/70-no-bitmaps.conf'),
          link('etc/fonts/conf.d/10-sub-pixel-none.conf', '/x'),
        ],
      },
      { name: 'freetds-common', data: [file('usr/share/freetds/freetds.conf', 'model')] },
    ]);
    expect(text('etc/ssl/certs/ca-certificates.crt')).toBe('A\nB\n');
    expect(get('usr/lib/ssl/cert.pem')?.linkTarget).toBe('/etc/ssl/certs/ca-certificates.crt');
    expect(get('etc/fonts/conf.d/10-hinting-slight.conf')?.linkTarget).toBe(
      '/usr/share/fontconfig/conf.avail/10-hinting-slight.conf',
    );
    expect(get('etc/fonts/conf.d/70-no-bitmaps.conf')?.type).toBe('symlink');
    expect(get('etc/fonts/conf.d/10-sub-pixel-none.conf')).toBeUndefined();
    expect(text('etc/freetds/freetds.conf')).toBe('model');
  });

  test('what is not done is told', async () => {
    const { facts } = await compose([
      {
        name: 'aa',
        data: [file('usr/share/glib-2.0/schemas/org.x.gschema.xml')],
        scripts: {
          postinst: '#!/bin/sh\nmake-database\n',
          preinst: '#!/bin/sh\ndpkg-divert --add --rename --divert /a.real /a\n',
        },
      },
    ]);
    expect(facts.warnings).toEqual([
      'aa would put `/a` of another package aside, which is not done',
      expect.stringMatching(/^aa is not installed as by apt, its preinst was not run: .*\(and 1 more\)$/),
      expect.stringContaining('org.x.gschema.xml'),
    ]);
  });
});
