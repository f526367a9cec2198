import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  makeBaseImage,
  memoryCache,
  membersOf,
  pythonProgram,
  quietContext,
  readMadeBase,
  slimFiles,
  stanza,
} from '../../test/support/base-maker.ts';
import { makeElf } from '../../test/support/elf-maker.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { makeTar } from '../../test/support/tar-maker.ts';
import { sha256 } from '../base/digest.ts';
import { makeImage } from '../oci/image.ts';
import { baseConfigLayers } from './base-history.ts';
import { chooseBaseMirrors, readBaseSources } from './base-sources.ts';
import { assertGlibc } from './libc.ts';
import { suiteOf } from './os-release.ts';
import { assertDatabase } from './package-database.ts';
import { assertPython } from './pythons.ts';
import { readBaseImage } from './read-base.ts';

const names = (base: { readonly database: { readonly packages: readonly { readonly name: string }[] } }) =>
  base.database.packages.map((one) => one.name);

describe('an image like python:3.12-slim', () => {
  test('says what it is, what it has, and where it looks for libraries', async () => {
    const base = await readMadeBase(await temporaryDir('base'), [slimFiles], { env: { PYTHON_VERSION: '3.12.9' } });
    expect(base.osRelease).toEqual({
      id: 'debian',
      idLike: [],
      codename: 'bookworm',
      versionId: '12',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
    });
    expect(suiteOf(base)).toBe('bookworm');
    expect(assertGlibc(base)).toBe('2.36');
    expect(base).toMatchObject({ libc: 'glibc', hasApt: true, architecture: 'amd64', database: { kind: 'dpkg' } });
    expect(base.database.packages[1]).toMatchObject({ name: 'libc6', version: '2.36-9+deb12u10', multiArch: 'same' });
    expect(base.database.packages[1]?.provides).toEqual([[{ name: 'libc6-virtual', operator: '=', version: '1' }]]);
    expect(base.loaderFolders).toEqual(['usr/local/lib', 'usr/lib/x86_64-linux-gnu', 'usr/lib']);
    expect(assertPython(base, '3.12')).toEqual({
      version: '3.12',
      // Its own headers know better than a variable.
      fullVersion: '3.12.11',
      interpreter: '/usr/local/bin/python3.12',
      prefix: '/usr/local',
      abi: 'cp312',
    });
    expect(() => assertDatabase(base, ['libgl1'])).not.toThrow();
  });

  test('is read once: what is known of a layer comes from the cache, whatever image it is in', async () => {
    const dir = await temporaryDir('base');
    const cache = memoryCache(dir);
    const first = await readBaseImage(await makeBaseImage(dir, [slimFiles, { 'opt/a': 'a' }]), cache, quietContext);
    expect(cache.values.size).toBe(2);
    const other = await makeBaseImage(dir, [slimFiles, { 'opt/b': 'b' }]);
    // A layer that is known is not opened.
    const gone = { ...other, layers: other.layers.map((one, at) => (at === 0 ? { ...one, file: '/nowhere' } : one)) };
    const second = await readBaseImage(gone, cache, quietContext);
    expect(cache.values.size).toBe(3);
    expect(second.database).toEqual(first.database);
    expect(second.pythons).toEqual(first.pythons);
    expect(second.tree.children('opt')).toEqual(['b']);
    expect(first.text('etc/os-release')).toBe(slimFiles['usr/lib/os-release']);
  });

  test('refuses a layer that is not what the configuration says, and keeps nothing of it', async () => {
    const dir = await temporaryDir('base');
    const image = await makeBaseImage(dir, [slimFiles]);
    const layers = image.layers.map((one) => ({ ...one, file: join(dir, 'other') }));
    const other = await makeBaseImage(dir, [{ 'etc/passwd': 'x' }]);
    await writeFile(
      join(dir, 'other'),
      await import('node:fs/promises').then((fs) => fs.readFile(other.layers[0]?.file ?? '')),
    );
    const cache = memoryCache(dir);
    await expect(readBaseImage({ ...image, layers }, cache, quietContext)).rejects.toMatchObject({
      code: 'LAYER_DIFF_ID_MISMATCH',
    });
    expect(cache.values.size).toBe(0);
  });
});

describe('layers over each other', () => {
  test('the database is that of the topmost layer that has one', async () => {
    const upper = {
      'var/lib/dpkg/status': `${slimFiles['var/lib/dpkg/status'] as string}${stanza('zlib1g', '1:1.2.13')}`,
    };
    const dir = await temporaryDir('base');
    expect(names(await readMadeBase(dir, [slimFiles, upper, { 'opt/x': '' }]))).toEqual([
      'base-files',
      'libc6',
      'zlib1g',
    ]);
    expect(names(await readMadeBase(dir, [slimFiles]))).toEqual(['base-files', 'libc6']);
  });

  test('a database, a Python and a source that a layer takes away are not there', async () => {
    const upper = {
      'var/lib/dpkg/.wh.status': '',
      'usr/local/bin/.wh.python3.12': '',
      'usr/lib/.wh.os-release': '',
      'etc/ld.so.conf.d/.wh..wh..opq': '',
      'etc/ld.so.conf.d/own.conf': '/opt/lib\n',
      'opt/lib/libx.so': makeElf({ soname: 'libx.so' }),
    };
    const base = await readMadeBase(await temporaryDir('base'), [slimFiles, upper]);
    expect(base.database.kind).toBe('none');
    expect(base.hasApt).toBe(false);
    expect(base.pythons).toEqual([]);
    expect(base.osRelease).toBeUndefined();
    expect(base.loaderFolders).toEqual(['opt/lib', 'usr/lib/x86_64-linux-gnu', 'usr/lib']);
    expect(() => suiteOf(base)).toThrow(expect.objectContaining({ code: 'BASE_SUITE_UNKNOWN' }));
  });

  test('a text is that of the layer whose file is seen, not of one that was written over', async () => {
    const over = { 'usr/local/include/python3.12/patchlevel.h': '-> /nowhere' };
    const base = await readMadeBase(await temporaryDir('base'), [slimFiles, over]);
    expect(assertPython(base, '3.12').fullVersion).toBeUndefined();
    expect(base.text('usr/local/include/python3.12/patchlevel.h')).toBeUndefined();
  });

  test('the state of the packages is the same for the same database, in whatever layers', async () => {
    const dir = await temporaryDir('base');
    const { 'var/lib/dpkg/status': status = '', ...others } = slimFiles;
    const whole = await readMadeBase(dir, [slimFiles]);
    const parted = await readMadeBase(dir, [others, { 'var/lib/dpkg/status': status }, { 'opt/x': 'x' }]);
    const newer = await readMadeBase(dir, [slimFiles, { 'var/lib/dpkg/status': stanza('libc6', '2.36-9+deb12u11') }]);
    expect(parted.database.state).toBe(whole.database.state);
    expect(newer.database.state).not.toBe(whole.database.state);
  });
});

describe('other kinds of bases', () => {
  test('distroless: packages of `status.d`, the suite by its number, the Python of its package', async () => {
    const base = await readMadeBase(await temporaryDir('base'), [
      {
        'usr/lib/os-release': 'PRETTY_NAME="Distroless"\nNAME="Debian GNU/Linux"\nID="debian"\nVERSION_ID="12"\n',
        'var/lib/dpkg/status.d/libc6': 'Package: libc6\nVersion: 2.36-9+deb12u10\nArchitecture: amd64\n',
        'var/lib/dpkg/status.d/libc6.md5sums': 'not a paragraph\n',
        'lib/x86_64-linux-gnu/libc.so.6': makeElf({ soname: 'libc.so.6' }),
      },
      {
        'var/lib/dpkg/status.d/python3.11-minimal':
          'Package: python3.11-minimal\nVersion: 3.11.2-6+deb12u6\nArchitecture: amd64\nDepends: libc6 (>= 2.34)\n',
        'usr/bin/python3.11': pythonProgram(),
        'usr/bin/python': '-> /usr/bin/python3.11',
      },
    ]);
    expect(base.database).toMatchObject({ kind: 'status.d' });
    expect(names(base)).toEqual(['libc6', 'python3.11-minimal']);
    expect(base.hasApt).toBe(false);
    expect(suiteOf(base)).toBe('bookworm');
    expect(base.glibc).toBe('2.36');
    expect(base.loaderFolders).toEqual(['lib/x86_64-linux-gnu', 'lib', 'usr/lib']);
    expect(assertPython(base, '3.11')).toMatchObject({
      fullVersion: '3.11.2',
      interpreter: '/usr/bin/python3.11',
      prefix: '/usr',
    });
  });

  test('Alpine: refused by its C library, with what to take instead', async () => {
    const base = await readMadeBase(await temporaryDir('base'), [
      {
        'etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n',
        'lib/apk/db/installed': 'P:musl\n',
        'lib/ld-musl-x86_64.so.1': makeElf({}),
        'usr/local/bin/python3.12': pythonProgram('musl'),
      },
    ]);
    expect(base.libc).toBe('musl');
    expect(base.database).toMatchObject({ kind: 'none', foreign: 'apk' });
    expect(() => assertGlibc(base)).toThrow(
      expect.objectContaining({ code: 'BASE_MUSL', message: expect.stringContaining('Alpine Linux v3.22') }),
    );
  });

  test("Debian's package of musl does not make a base of musl", async () => {
    const musl = { 'lib/ld-musl-x86_64.so.1': makeElf({}), 'usr/lib/ld-musl-x86_64.so.1': makeElf({}) };
    const base = await readMadeBase(await temporaryDir('base'), [slimFiles, musl]);
    expect(base.libc).toBe('glibc');
  });

  test('Ubuntu: read, but its packages are not those of Debian', async () => {
    const base = await readMadeBase(await temporaryDir('base'), [
      slimFiles,
      {
        'usr/lib/os-release':
          'PRETTY_NAME="Ubuntu 24.04.2 LTS"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n',
      },
    ]);
    expect(base.database.kind).toBe('dpkg');
    expect(() => suiteOf(base)).toThrow(
      expect.objectContaining({
        code: 'BASE_SUITE_UNKNOWN',
        actual: 'ID=ubuntu, VERSION_CODENAME=noble, VERSION_ID=24.04',
      }),
    );
  });

  test('Fedora: good as it is, but nothing can be added', async () => {
    const base = await readMadeBase(await temporaryDir('base'), [
      {
        'etc/os-release':
          'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora Linux 42 (Container Image)"\n',
        'usr/lib/sysimage/rpm/rpmdb.sqlite': 'x',
        lib64: '-> usr/lib64',
        'usr/lib64/libc.so.6': makeElf({ soname: 'libc.so.6' }),
        'usr/bin/python3.13': pythonProgram('glibc', '\u00003.13.7\0'),
      },
    ]);
    expect(base.libc).toBe('glibc');
    expect(base.loaderFolders).toContain('usr/lib64');
    expect(assertPython(base, '3.13').fullVersion).toBe('3.13.7');
    expect(() => assertDatabase(base, ['libgl1'])).toThrow(
      expect.objectContaining({
        code: 'BASE_DATABASE_MISSING',
        message: expect.stringContaining('`libgl1`'),
        actual: 'Fedora Linux 42 (Container Image), with packages of rpm',
      }),
    );
  });

  test('an image without anything has no C library and no Python', async () => {
    const base = await readMadeBase(await temporaryDir('base'), [{ 'etc/passwd': '' }]);
    expect(() => assertGlibc(base)).toThrow(expect.objectContaining({ code: 'BASE_GLIBC_MISSING' }));
    expect(() => assertPython(base, '3.13')).toThrow(
      expect.objectContaining({ code: 'BASE_PYTHON_MISSING', actual: 'no Python at all' }),
    );
  });
});

describe('a broken database', () => {
  test('names the line of a package that is half there', async () => {
    const status = `${stanza('base-files', '12.4')}${stanza('libbad', '1', { Status: 'install reinstreq half-installed' })}`;
    const reading = readMadeBase(await temporaryDir('base'), [slimFiles, { 'var/lib/dpkg/status': status }]);
    await expect(reading).rejects.toMatchObject({
      code: 'BASE_DATABASE_BROKEN',
      where: 'var/lib/dpkg/status:6',
      actual: 'install reinstreq half-installed',
    });
  });

  test('is one that dpkg was interrupted over', async () => {
    const journal = { 'var/lib/dpkg/updates/0001': stanza('libbad', '1') };
    await expect(readMadeBase(await temporaryDir('base'), [slimFiles, journal])).rejects.toMatchObject({
      code: 'BASE_DATABASE_BROKEN',
      where: 'var/lib/dpkg/updates/0001',
    });
  });
});

describe('media types', () => {
  const tar = makeTar([{ name: 'etc/os-release', bytes: 'ID=debian\nVERSION_ID=13\n' }]);

  test.each([
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'application/vnd.oci.image.layer.v1.tar+gzip'],
    ['application/vnd.oci.image.layer.v1.tar', 'application/vnd.oci.image.layer.v1.tar'],
  ])('%s becomes %s', async (mediaType, expected) => {
    const base = await readMadeBase(await temporaryDir('base'), [slimFiles], { mediaType });
    expect(base.layers.map((layer) => layer.descriptor.mediaType)).toEqual([expected]);
    expect(base.layers[0]?.descriptor.digest).toBe(base.image.layers[0]?.descriptor.digest);
    expect(base.unpackedSizes).toEqual([makeTar(membersOf(slimFiles)).length]);
    expect(base.layerFiles.map((files) => files.length)).toEqual([Object.keys(slimFiles).length]);
  });

  test('zstd is read, and stays', async (context) => {
    const dir = await temporaryDir('base');
    const blob = compressedWithZstd(tar) ?? context.skip('needs zstd (apt-get install zstd)');
    const file = join(dir, 'layer.zst');
    await writeFile(file, blob);
    const plain = await makeBaseImage(dir, [[{ name: 'etc/os-release', bytes: 'ID=debian\nVERSION_ID=13\n' }]]);
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+zstd';
    const layer = { descriptor: { mediaType, digest: sha256(blob), size: blob.length }, diffId: sha256(tar), file };
    const base = await readBaseImage(
      makeImage({ config: plain.config, layers: [layer] }),
      memoryCache(dir),
      quietContext,
    );
    expect(suiteOf(base)).toBe('trixie');
    expect(base.layers[0]?.descriptor.mediaType).toBe(mediaType);
  });

  test.each([
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'BASE_LAYER_FOREIGN'],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'BASE_LAYER_FOREIGN'],
    ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'LAYER_TYPE_UNSUPPORTED'],
  ])('%s is refused', async (mediaType, code) => {
    await expect(readMadeBase(await temporaryDir('base'), [slimFiles], { mediaType })).rejects.toMatchObject({ code });
  });

  test('the history of the base goes on where it fits its layers', async () => {
    const base = await readMadeBase(await temporaryDir('base'), [slimFiles, { 'opt/x': '' }]);
    expect(baseConfigLayers(base).map((one) => one.createdBy)).toEqual(['step 0', 'step 1']);
    const config = { ...base.config, history: base.config.history.slice(1) };
    expect(baseConfigLayers({ ...base, config })[0]?.createdBy).toBe('layer 1 of the base');
  });
});

describe("the base's own sources", () => {
  test('are those of both styles, in the order of apt', async () => {
    const base = await readMadeBase(await temporaryDir('base'), [
      slimFiles,
      {
        'etc/apt/sources.list': '# nothing\ndeb [arch=amd64] https://mirror.example/debian bookworm main\n',
        'etc/apt/sources.list.d/debian.sources':
          'Types: deb\nURIs: https://mirror.example/debian-security/\nSuites: bookworm-security\nComponents: main\n',
        'etc/apt/sources.list.d/own.list': 'deb file:/srv/packages bookworm main\n',
        'etc/apt/sources.list.d/old.list.save': 'deb https://old.example/debian buster main\n',
      },
    ]);
    const sources = readBaseSources(base);
    expect(sources.map((one) => `${one.file} ${one.uri} ${one.suite}`)).toEqual([
      '/etc/apt/sources.list https://mirror.example/debian bookworm',
      '/etc/apt/sources.list.d/debian.sources https://mirror.example/debian-security bookworm-security',
      '/etc/apt/sources.list.d/own.list file:/srv/packages bookworm',
    ]);
    expect(chooseBaseMirrors(sources, 'bookworm')).toEqual({
      mirror: 'https://mirror.example/debian',
      file: '/etc/apt/sources.list',
      securityMirror: 'https://mirror.example/debian-security',
    });
    expect(chooseBaseMirrors(sources, 'trixie')).toEqual({});
  });
});

function compressedWithZstd(bytes: Uint8Array): Buffer | undefined {
  try {
    return execFileSync('zstd', ['-q', '-c'], { input: bytes });
  } catch {
    return undefined;
  }
}
