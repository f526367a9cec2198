import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createContext } from '../../src/api/context.ts';
import { writeLayer } from '../../src/archive/layer-writer.ts';
import { type BaseFacts, composeBase } from '../../src/debian/compose.ts';
import { debianPythons, resolveCore } from '../../src/debian/core-set.ts';
import { readDebControl, readDebData } from '../../src/debian/deb.ts';
import { type FetchedDeb, fetchDebs, openSuite } from '../../src/debian/mirror.ts';
import { compareDebianVersions, parseDebianVersion } from '../../src/debian/version.ts';
import { type ElfFacts, isElf, parseElf } from '../../src/elf/elf.ts';
import { openCache } from '../../src/store/cache.ts';
import { mustRun, runCommand } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { makeTemporaryDir, rootDir, sharedCacheDir } from '../support/paths.ts';

const packedLimit = 18_000_000;

const check = `
import ssl, sqlite3, ctypes, lzma, bz2, zlib, readline, uuid, hashlib, zoneinfo, json, sys, pwd, os, socket, subprocess, shelve, tempfile, time, locale
import ctypes.util
with shelve.open(tempfile.mkdtemp() + '/x') as s: s['a'] = 1
print(json.dumps({
  'version': list(sys.version_info[:2]), 'machine': os.uname().machine,
  'certificates': len(ssl.create_default_context().get_ca_certs()),
  'sqlite': sqlite3.connect(':memory:').execute('select 6 * 7').fetchone()[0],
  'zone': time.tzname[0], 'berlin': str(zoneinfo.ZoneInfo('Europe/Berlin')),
  'me': pwd.getpwuid(os.getuid()).pw_name, 'home': pwd.getpwuid(os.getuid()).pw_dir,
  'https': socket.getservbyname('https'), 'localhost': socket.gethostbyname('localhost'),
  'found': ctypes.util.find_library('ssl'), 'shell': subprocess.check_output('echo $0', shell=True, text=True).strip(),
  'loaded': [ctypes.CDLL(n)._name for n in ('libstdc++.so.6', 'libgcc_s.so.1')], 'locale': locale.setlocale(locale.LC_ALL, 'C.UTF-8'),
}))
`;

interface Base {
  readonly debs: readonly FetchedDeb[];
  readonly facts: BaseFacts;
  readonly size: number;
  readonly root: string;
}

let dir: string;
beforeAll(async () => {
  dir = await makeTemporaryDir('base');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const made = new Map<string, Promise<Base>>();

/** A base from this machine's mirror, made once. */
function baseOf(suite: string, python: string, architecture: string): Promise<Base> {
  const name = `${suite}-${architecture}`;
  const base = made.get(name) ?? makeBase(name, suite, python, architecture);
  made.set(name, base);
  return base;
}

async function makeBase(name: string, suite: string, python: string, architecture: string): Promise<Base> {
  const context = createContext({ cacheDir: sharedCacheDir });
  const index = await openSuite(context, {}, suite, architecture);
  const debs = await fetchDebs(context, resolveCore(index, python), openCache(sharedCacheDir));
  let facts: BaseFacts | undefined;
  const options = { suite, architecture, python, onFacts: (found: BaseFacts) => void (facts = found) };
  const file = join(dir, `${name}.tar.gz`);
  const { size } = await writeLayer(composeBase(debs, options), file);
  const root = join(dir, name);
  await mkdir(root);
  await mustRun('tar', ['-xzf', file, '-C', root]);
  if (facts === undefined) throw new Error('no facts');
  return { debs, facts, size, root };
}

/** All ELF files below a folder, by path. */
async function elfFiles(root: string): Promise<ReadonlyMap<string, ElfFacts>> {
  const found = new Map<string, ElfFacts>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (isElf(bytes)) found.set(path, parseElf(bytes, path));
  }
  return found;
}

const chroot = (root: string, ...command: readonly string[]) =>
  mustRun('/usr/sbin/chroot', ['--userspec=65532:65532', root, ...command], { env: { PATH: '/usr/bin' } });

for (const { suite, python } of debianPythons) {
  for (const [architecture, machine] of [
    ['amd64', 'x86_64'],
    ['arm64', 'aarch64'],
  ] as const) {
    describe(`${suite} ${architecture}`, () => {
      let base: Base;
      beforeAll(async () => {
        base = await baseOf(suite, python, architecture);
      });

      test('is small', () => {
        expect(base.size).toBeLessThan(packedLimit);
      });

      test('every maintainer script is accounted for in docs/debian-base.md', async () => {
        const table = await readFile(join(rootDir, 'docs/debian-base.md'), 'utf8');
        for (const { file, package: one } of base.debs) {
          const scripts = [...(await readDebControl(file)).files.keys()].filter((name) =>
            /^(?:pre|post)inst$/.test(name),
          );
          const row = new RegExp(`^\\| \`${one.name.replaceAll('+', '\\+')}\` \\| ([a-z, ]+) \\|`, 'm').exec(table);
          for (const script of scripts) expect(row?.[1], `${one.name} ${script}`).toContain(script);
        }
      });

      test('files are those of the packages, as their md5sums say', async () => {
        const folder = join(base.root, 'var/lib/dpkg/status.d');
        const sums = (await readdir(folder)).filter((name) => name.endsWith('.md5sums'));
        expect(sums).toHaveLength(base.debs.length);
        const all = await Promise.all(sums.map((name) => readFile(join(folder, name), 'utf8')));
        const checked = await mustRun('md5sum', ['--check', '--strict', '-'], { cwd: base.root, input: all.join('') });
        expect(checked.trim().split('\n').length).toBeGreaterThan(1000);
      });

      test('every library that something in it needs is there, by a name that the loader knows', async () => {
        const known = new Set(base.facts.libraries.map((library) => library.soname));
        const elf = await elfFiles(base.root);
        expect(elf.size).toBeGreaterThan(100);
        for (const [path, facts] of elf) {
          expect(facts.machine, path).toBe(architecture);
          const private_ = /\/gconv\//.test(path);
          for (const name of facts.needed) expect(known.has(name) || private_, `${path} needs ${name}`).toBe(true);
        }
        for (const library of base.facts.libraries) await stat(join(base.root, library.path));
      });

      test('Python runs in it, with its whole standard library', async (context) => {
        await requireComponent(context, 'root', ...(architecture === 'arm64' ? (['qemu-aarch64'] as const) : []));
        await mkdir(join(base.root, 'dev'), { recursive: true });
        await writeFile(join(base.root, 'dev/null'), '');
        await chmod(join(base.root, 'dev/null'), 0o666);
        let certificates = 0;
        const authorities = base.debs.find((deb) => deb.package.name === 'ca-certificates');
        for await (const entry of readDebData(authorities?.file ?? ''))
          certificates += entry.path.endsWith('.crt') && /share\/ca-certificates/.test(entry.path) ? 1 : 0;
        const printed = await chroot(base.root, `/usr/bin/python${python}`, '-c', check);
        expect(JSON.parse(printed)).toEqual({
          version: python.split('.').map(Number),
          machine,
          certificates,
          sqlite: 42,
          zone: 'UTC',
          berlin: 'Europe/Berlin',
          me: 'nonroot',
          home: '/home/nonroot',
          https: 443,
          localhost: '127.0.0.1',
          found: 'libssl.so.3',
          shell: '/bin/sh',
          loaded: ['libstdc++.so.6', 'libgcc_s.so.1'],
          locale: 'C.UTF-8',
        });
      });

      test("the loader's cache has what ldconfig puts there", async (context) => {
        await requireComponent(context, 'root', ...(architecture === 'arm64' ? (['qemu-aarch64'] as const) : []));
        const ldconfig = async (...args: string[]) => {
          const printed = await mustRun('/usr/sbin/chroot', [base.root, '/sbin/ldconfig', ...args]);
          return printed.split('\n').filter((line) => line.includes('=>'));
        };
        const ours = await ldconfig('-p');
        await ldconfig('-C', '/tmp/ld.so.cache');
        const theirs = await ldconfig('-p', '-C', '/tmp/ld.so.cache');
        expect(ours.length).toBeGreaterThan(30);
        // ldconfig also lists the loader's second name, a link in another folder; the first of a name is what is found.
        const names = theirs.map((line) => line.trim().split(' ')[0]);
        const first = theirs.filter((_line, index) => names.indexOf(names[index]) === index);
        // In the same order, too: the loader searches by halves.
        expect(ours).toEqual(first);
      });
    });
  }
}

describe('oracles', () => {
  test('dynamic sections are read as readelf reads them', async (context) => {
    if ((await runCommand('readelf', ['--version'])).code !== 0)
      context.skip('needs readelf (apt-get install binutils)');
    const { root } = await baseOf('trixie', '3.13', 'amd64');
    const files = [...(await elfFiles(root))].filter((_, index) => index % 3 === 0);
    const printed = await mustRun('readelf', [
      '--wide',
      '--dynamic',
      '--version-info',
      '--program-headers',
      ...files.map(([path]) => path),
    ]);
    const sections = printed.split(/^File: /m).slice(1);
    expect(sections).toHaveLength(files.length);
    for (const section of sections) {
      const path = section.slice(0, section.indexOf('\n'));
      const facts = files.find(([name]) => name === path)?.[1];
      const all = (pattern: RegExp) => [...section.matchAll(pattern)].map((match) => match[1]);
      expect(facts?.needed, path).toEqual(all(/\(NEEDED\) .*\[(.*)\]/g));
      expect([facts?.soname], path).toEqual([all(/\(SONAME\) .*\[(.*)\]/g)[0]]);
      expect([facts?.runpath], path).toEqual([all(/\(RUNPATH\) .*\[(.*)\]/g)[0]]);
      expect([facts?.interpreter], path).toEqual([all(/Requesting program interpreter: (.*)\]/g)[0]]);
      const needs = section.slice(section.indexOf('.gnu.version_r'));
      const versions = section.includes('.gnu.version_r')
        ? [...needs.matchAll(/Name: (\S+)  Flags/g)].map((match) => match[1])
        : [];
      expect(
        facts?.neededVersions.map((one) => one.version),
        path,
      ).toEqual(versions);
    }
  });

  test('versions of a whole suite come in the order that dpkg gives them', async (context) => {
    if ((await runCommand('dpkg', ['--version'])).code !== 0) context.skip('needs dpkg');
    const versions: string[] = [];
    const { debs } = await baseOf('bookworm', '3.11', 'amd64');
    for (const { package: one } of debs)
      versions.push(one.version, `${one.version}~`, `${one.version}+b1`, one.version.replace(/\d/, '0'));
    const pairs = versions.flatMap((left, index) =>
      [1, 2, 7].map((step) => [left, versions[(index + step) % versions.length] ?? ''] as const),
    );
    const script =
      'while read a b; do for o in lt eq gt; do dpkg --compare-versions "$a" $o "$b" && echo $o; done; done; true';
    const printed = await mustRun('sh', ['-c', script], {
      input: `${pairs.map((pair) => pair.join(' ')).join('\n')}\n`,
    });
    const order = (value: number) => (value < 0 ? 'lt' : value > 0 ? 'gt' : 'eq');
    const ours = pairs.map(([left, right]) =>
      order(compareDebianVersions(parseDebianVersion(left), parseDebianVersion(right))),
    );
    expect(ours).toEqual(printed.trim().split('\n'));
  });
});
