import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DebSpec, type MadeDeb, makeDeb, renderIndexEntry } from '../../test/support/deb-maker.ts';
import { makeElf } from '../../test/support/elf-maker.ts';
import type { TarMember } from '../../test/support/tar-maker.ts';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { type BaseFacts, composeBase } from './compose.ts';
import { compactPackages, openCompact } from './packages-index.ts';
import { combineParts } from './suite-index.ts';

const folder = (name: string, mode = 0o755): TarMember => ({ name: `./${name}/`, flag: '5', mode });
const file = (name: string, bytes: string | Uint8Array = name, mtime = 1_700_000_000): TarMember => ({
  name: `./${name}`,
  bytes,
  mtime,
});
const link = (name: string, target: string): TarMember => ({ name: `./${name}`, flag: '2', target });

const baseFiles: DebSpec = {
  name: 'base-files',
  data: [
    folder('tmp', 0o1777),
    folder('root', 0o700),
    folder('var/run'),
    folder('etc'),
    file('usr/lib/os-release'),
    link('etc/os-release', '../usr/lib/os-release'),
  ],
};
const passwd: DebSpec = {
  name: 'base-passwd',
  data: [
    file('usr/share/base-passwd/passwd.master', 'root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534::/none:/x\n'),
    file('usr/share/base-passwd/group.master', 'root:*:0:\n'),
    file('usr/sbin/update-passwd'),
  ],
};

async function writeDebs(specs: readonly DebSpec[]): Promise<{ deb: MadeDeb; file: string }[]> {
  const dir = await mkdtemp(join(tmpdir(), 'tare-compose-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return Promise.all(
    specs.map(async (spec, index) => {
      const deb = makeDeb(spec);
      const path = join(dir, `${index}.deb`);
      await writeFile(path, deb.bytes);
      return { deb, file: path };
    }),
  );
}

interface Composed {
  readonly entries: readonly LayerEntry[];
  readonly facts: BaseFacts | undefined;
  readonly get: (path: string) => LayerEntry | undefined;
  readonly text: (path: string) => string | undefined;
}

async function compose(specs: readonly DebSpec[], architecture = 'amd64'): Promise<Composed> {
  const debs = await writeDebs(specs);
  async function* source(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(debs.map(({ deb }) => renderIndexEntry(deb)).join('\n'));
  }
  const index = openCompact(await compactPackages(source(), 'test'));
  if (index === undefined) throw new Error('no index');
  const suite = combineParts('trixie', architecture, [
    { index, digest: 'x', archive: 'https://m.example', where: 'test', date: new Date(0) },
  ]);
  const fetched = debs.map(({ deb, file: path }) => ({
    file: path,
    package: suite.find(deb.spec.name) ?? expect.fail(),
  }));
  const entries: LayerEntry[] = [];
  let facts: BaseFacts | undefined;
  const onFacts = (found: BaseFacts) => {
    facts = found;
  };
  for await (const entry of composeBase(fetched, { suite: 'trixie', architecture, python: '3.13', onFacts }))
    entries.push(entry);
  const get = (path: string) => entries.find((entry) => entry.path === path);
  const text = (path: string) => {
    const content = get(path)?.content;
    return content?.kind === 'bytes' ? Buffer.from(content.bytes).toString('utf8') : undefined;
  };
  return { entries, facts, get, text };
}

describe('the composed root', () => {
  test('folders come once and before what is in them, as base-files wants them, whatever the order of packages', async () => {
    const other: DebSpec = { name: 'aa', data: [folder('tmp', 0o700), file('tmp/x'), file('opt/deep/er/y')] };
    const { entries, get } = await compose([other, baseFiles]);
    const seen = new Set<string>();
    for (const entry of entries) {
      expect(seen.has(entry.path), entry.path).toBe(false);
      const parent = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf('/')));
      if (parent !== '') expect(seen.has(parent), entry.path).toBe(true);
      seen.add(entry.path);
    }
    expect(get('tmp')).toMatchObject({ type: 'directory', mode: 0o1777 });
    expect(get('root')).toMatchObject({ mode: 0o700 });
    expect(get('opt/deep')).toMatchObject({ mode: 0o755, uid: 0, gid: 0 });
  });

  test('is the same for the same packages in any order', async () => {
    const specs: DebSpec[] = [baseFiles, passwd, { name: 'zz', data: [file('usr/z')] }];
    const [one, two] = await Promise.all([compose(specs), compose([...specs].reverse())]);
    expect(two.entries).toEqual(one.entries);
  });

  test('has a merged /usr, from packages of either kind', async () => {
    const old: DebSpec = {
      name: 'old',
      data: [
        folder('bin'),
        file('bin/sh'),
        folder('lib'),
        folder('lib/x'),
        file('lib/x/a'),
        { name: './lib/x/b', flag: '1', target: './lib/x/a' },
        link('lib64/ld.so', '/lib/x/a'),
      ],
    };
    const merged: DebSpec = {
      ...baseFiles,
      data: [...(baseFiles.data ?? []), folder('usr/bin'), link('bin', 'usr/bin'), link('lib', 'usr/lib')],
    };
    const { entries, get } = await compose([old, merged]);
    expect(['bin', 'lib', 'lib64', 'sbin'].map((path) => get(path)?.linkTarget)).toEqual([
      'usr/bin',
      'usr/lib',
      'usr/lib64',
      'usr/sbin',
    ]);
    expect(get('usr/bin/sh')?.type).toBe('file');
    expect(get('usr/lib/x/b')).toMatchObject({ type: 'hardlink', linkTarget: 'usr/lib/x/a' });
    expect(get('usr/lib64/ld.so')).toMatchObject({ type: 'symlink', linkTarget: '/lib/x/a' });
    expect(get('var/run')).toMatchObject({ type: 'symlink', linkTarget: '/run' });
    expect(get('run')?.type).toBe('directory');
    expect(entries.some((entry) => /^(?:bin|lib|lib64)\//.test(entry.path))).toBe(false);
    expect((await compose([baseFiles], 'arm64')).get('lib64')).toBeUndefined();
  });

  test('has no documentation, but who may do what with it', async () => {
    const docs: DebSpec = {
      name: 'aa',
      data: [
        folder('usr/share/doc/aa'),
        file('usr/share/doc/aa/copyright'),
        file('usr/share/doc/aa/changelog.gz'),
        link('usr/share/doc/bb', 'aa'),
        file('usr/share/man/man1/aa.1.gz'),
        file('usr/share/locale/de/LC_MESSAGES/aa.mo'),
        file('usr/share/common-licenses/BSD'),
        file('usr/lib/python3.13/test/support.py'),
        file('usr/lib/python3.13/testing.py'),
        file('usr/lib/x/gconv/IBM037.so'),
        file('usr/lib/x/gconv/IBM850.so'),
      ],
    };
    const { entries } = await compose([baseFiles, docs]);
    const kept = new Set(entries.filter((entry) => entry.type !== 'directory').map((entry) => entry.path));
    for (const data of docs.data ?? []) {
      const path = data.name.slice(2);
      const wanted = /copyright|doc\/bb|licenses|testing|IBM850/.test(path);
      expect(kept.has(path), path).toBe(wanted);
    }
  });

  test('a hard link to a file that is left out is that file', async () => {
    const spec: DebSpec = {
      name: 'aa',
      data: [
        file('usr/share/man/a', 'content'),
        { name: './usr/share/misc/b', flag: '1', target: './usr/share/man/a' },
      ],
    };
    const { get, text } = await compose([baseFiles, spec]);
    expect(get('usr/share/misc/b')?.type).toBe('file');
    expect(text('usr/share/misc/b')).toBe('content');
  });

  test('has what maintainer scripts would have made', async () => {
    const models: DebSpec = {
      name: 'models',
      data: [
        file('usr/share/libc-bin/nsswitch.conf', 'hosts: files dns\n'),
        file('usr/share/ca-certificates/mozilla/B.crt', 'B'),
        file('usr/share/ca-certificates/mozilla/A.crt', 'A\n'),
      ],
    };
    const { get, text } = await compose([baseFiles, passwd, models]);
    expect(text('etc/passwd')).toBe(
      'root:*:0:0:root:/root:/bin/sh\nnobody:*:65534:65534::/none:/x\nnonroot:*:65532:65532:nonroot:/home/nonroot:/usr/sbin/nologin\n',
    );
    expect(text('etc/group')).toBe('root:*:0:\nnonroot:*:65532:\n');
    expect(get('home/nonroot')).toMatchObject({ type: 'directory', uid: 65532, gid: 65532 });
    expect(text('etc/nsswitch.conf')).toBe('hosts: files dns\n');
    expect(text('etc/ssl/certs/ca-certificates.crt')).toBe('A\nB\n');
    expect(get('etc/localtime')?.linkTarget).toBe('/usr/share/zoneinfo/Etc/UTC');
    expect(get('usr/bin/python3')?.linkTarget).toBe('python3.13');
    expect(get('usr/share/base-passwd/passwd.master')).toBeUndefined();
    expect(get('usr/sbin/update-passwd')).toBeUndefined();
  });

  test('tells scanners what is in it, and only of files that are there', async () => {
    const spec: DebSpec = { name: 'aa', version: '1:2-3', data: [file('bin/a'), file('usr/share/man/a')] };
    const { text } = await compose([baseFiles, spec]);
    expect(text('var/lib/dpkg/status.d/aa')).toMatch(/^Package: aa\nStatus: install ok installed\nVersion: 1:2-3\n/);
    expect(text('var/lib/dpkg/status.d/aa.md5sums')).toMatch(/^[0-9a-f]{32} {2}bin\/a\n$/);
  });

  test('the loader finds libraries by the name they give themselves', async () => {
    const triplet = 'lib/x86_64-linux-gnu';
    const spec: DebSpec = {
      name: 'aa',
      data: [
        file(`${triplet}/liba.so.1.2`, makeElf({ soname: 'liba.so.1' })),
        link(`${triplet}/liba.so.1`, 'liba.so.1.2'),
        file(`usr/${triplet}/libb.so.2`, makeElf({ soname: 'libb.so.2' })),
        file(`usr/${triplet}/private/libc.so.3`, makeElf({ soname: 'libc.so.3' })),
        file(`usr/${triplet}/libscript.so`, 'INPUT(libb.so.2)'),
      ],
    };
    const { facts, get } = await compose([baseFiles, spec]);
    expect(facts?.libraries.map(({ soname, path }) => [soname, path])).toEqual([
      ['liba.so.1', '/usr/lib/x86_64-linux-gnu/liba.so.1'],
      ['libb.so.2', '/usr/lib/x86_64-linux-gnu/libb.so.2'],
    ]);
    const content = get('etc/ld.so.cache')?.content;
    expect(content?.kind === 'bytes' && Buffer.from(content.bytes).toString('latin1')).toContain(
      '/lib/x86_64-linux-gnu/liba.so.1\0',
    );
  });

  test('is dated by the newest of its packages', async () => {
    const { facts, entries } = await compose([baseFiles, { name: 'aa', data: [file('usr/a', 'x', 1_800_000_000)] }]);
    expect(facts?.newest).toBe(1_800_000_000);
    expect(Math.max(...entries.map((entry) => entry.mtime))).toBe(1_800_000_000);
  });
});

describe('packages that do not go together', () => {
  test.each<[string, readonly TarMember[], readonly TarMember[]]>([
    ['one file twice', [file('usr/x')], [file('usr/x')]],
    ['one file twice, by two ways', [file('lib/x')], [file('usr/lib/x')]],
    ['a folder that is a file', [file('usr/x')], [file('usr/x/y')]],
    ['a way through a link', [link('usr/x', '/etc')], [file('usr/x/y')]],
  ])('%s', async (_name, first, second) => {
    const specs = [baseFiles, { name: 'aa', data: first }, { name: 'bb', data: second }];
    await expect(compose(specs)).rejects.toMatchObject({
      code: 'DEBIAN_FILE_CONFLICT',
      message: expect.stringMatching(/aa.*bb/),
    });
  });

  test('a file that is another package than its name says', async () => {
    const [one, two] = await writeDebs([baseFiles, passwd]);
    if (one === undefined || two === undefined) return expect.fail();
    const expected = await compose([baseFiles]);
    expect(expected.entries.length).toBeGreaterThan(0);
    const wrong = { file: two.file, package: { name: 'base-files', version: '1.0-1' } };
    await expect(
      composeBase([wrong], { suite: 'trixie', architecture: 'amd64', python: '3.13' }).next(),
    ).rejects.toMatchObject({ code: 'DEB_MISMATCH', actual: 'base-passwd 1.0-1' });
  });
});
