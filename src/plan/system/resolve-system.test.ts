import { describe, expect, test } from 'vitest';
import { type ElfSpec, makeElf } from '../../../test/support/elf-maker.ts';
import { digestFromHex } from '../../base/digest.ts';
import type { DebPackage, SuiteIndex } from '../../debian/package.ts';
import { parseRelations } from '../../debian/relation.ts';
import { type DebianVersion, parseDebianVersion } from '../../debian/version.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import { factsOfBytes } from '../../root/observe.ts';
import { assertNewEnough } from './outdated-base.ts';
import { resolveSystem } from './resolve-system.ts';
import type { SystemCatalogue, SystemRequest } from './types.ts';

const folder = 'usr/lib/x86_64-linux-gnu';
const site = 'opt/venv/lib/python3.13/site-packages';
const object = (path: string, spec: ElfSpec = {}): FileFacts =>
  factsOfBytes({ path, type: 'file', mode: 0o755, uid: 0, gid: 0 }, makeElf(spec));
const data = (path: string): FileFacts => ({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 10 });

interface Made {
  readonly depends?: string;
  readonly files: readonly FileFacts[];
  readonly provides?: string;
}

/** A suite of packages that are what a test says they are. */
function makeSuite(packages: Readonly<Record<string, Made>>): SystemCatalogue & { readonly opened: string[] } {
  const debs = new Map(
    Object.entries(packages).map(([name, made]): [string, DebPackage] => [
      name,
      {
        name,
        version: parseDebianVersion('1'),
        architecture: 'amd64',
        filename: `pool/${name}.deb`,
        url: `file:///pool/${name}.deb`,
        size: 100,
        sha256: digestFromHex('0'.repeat(64)),
        installedSize: 1000,
        multiArch: 'no',
        priority: 'optional',
        depends: parseRelations(made.depends ?? '', 'amd64'),
        conflicts: [],
        provides: parseRelations(made.provides ?? '', 'amd64'),
      },
    ]),
  );
  const having = (wanted: (file: FileFacts) => boolean): string[] =>
    Object.entries(packages).flatMap(([name, made]) => (made.files.some(wanted) ? [name] : []));
  const opened: string[] = [];
  const index: SuiteIndex = {
    suite: 'trixie',
    architecture: 'amd64',
    digest: digestFromHex('1'.repeat(64)),
    date: new Date(0),
    find: (name) => debs.get(name),
    providers: (name) =>
      [...debs.values()]
        .filter((deb) => deb.provides.flat().some((one) => one.name === name))
        .map((deb) => ({ package: deb })),
  };
  return {
    opened,
    index,
    librariesNamed: async (soname) => having((file) => file.path.endsWith(`/${soname}`)),
    programsNamed: async (name) => having((file) => file.path === `usr/bin/${name}`),
    holdsCode: async (name) =>
      packages[name]?.files.some((file) => file.elf !== undefined || file.path.startsWith('usr/bin/')) === true,
    files: async (wanted) => {
      opened.push(...wanted.map((one) => one.name));
      return wanted.map((one) => packages[one.name]?.files ?? []);
    },
  };
}

const python = object('usr/bin/python3.13', { type: 2, interpreter: '/lib64/ld-linux-x86-64.so.2' });

function request(files: readonly FileFacts[], more: Partial<SystemRequest> = {}): SystemRequest {
  return {
    policy: 'needed',
    machine: 'amd64',
    layers: [[python], files],
    libraryPath: [],
    loaderFolders: [folder, 'usr/lib'],
    interpreter: '/usr/bin/python3.13',
    roots: {
      required: files
        .filter((file) => file.path.endsWith('.abi3.so'))
        .map((file) => ({ path: file.path, kind: 'extension', distribution: file.path.split('/')[5] ?? '' })),
      optional: [],
    },
    distributionOf: (path) => path.split('/')[5],
    requiredBy: () => new Set(),
    installed: new Map(),
    asked: [],
    excluded: new Set(),
    isHostLibrary: (soname) => soname.startsWith('libcuda.so'),
    ...more,
  };
}

const gl = makeSuite({
  libgl1: {
    depends: 'libglx0, libglx-mesa0',
    files: [object(`${folder}/libGL.so.1`, { soname: 'libGL.so.1', needed: ['libGLX.so.0'] })],
  },
  libglx0: {
    depends: 'libx11-6, libglx-mesa0',
    files: [object(`${folder}/libGLX.so.0`, { soname: 'libGLX.so.0', needed: ['libX11.so.6'] })],
  },
  'libx11-6': { depends: 'libx11-data', files: [object(`${folder}/libX11.so.6`, { soname: 'libX11.so.6' })] },
  'libx11-data': { files: [data('usr/share/X11/XErrorDB')] },
  'libglx-mesa0': {
    depends: 'libllvm19',
    files: [object(`${folder}/libGLX_mesa.so.0`, { needed: ['libLLVM.so.19'] })],
  },
  libllvm19: { files: [object(`${folder}/libLLVM.so.19`)] },
  'other-gl': { files: [object(`${folder}/other/libGL.so.1`)] },
});
const names = (resolution: { added: readonly { deb: DebPackage }[] }) => resolution.added.map((one) => one.deb.name);
const cv2 = [object(`${site}/cv2/cv2.abi3.so`, { needed: ['libGL.so.1'] })];

describe('policy needed', () => {
  test('takes what loads and its data, not what is only depended on', async () => {
    const found = await resolveSystem(request(cv2), gl);
    expect(names(found)).toEqual(['libgl1', 'libglx0', 'libx11-6', 'libx11-data']);
    expect(found.leftOut.map((one) => one.deb.name)).toEqual(['libglx-mesa0', 'libllvm19']);
    expect(found.open).toEqual([]);
  });

  test('says what leads to each package', async () => {
    const { added } = await resolveSystem(request(cv2), gl);
    expect(added.find((one) => one.deb.name === 'libglx0')?.chain).toEqual([
      'cv2',
      `${site}/cv2/cv2.abi3.so`,
      `${folder}/libGL.so.1`,
      'libGLX.so.0',
    ]);
  });

  test('takes nothing where the base has it, another wheel brings it, or the host injects it', async () => {
    const inBase = [object(`${folder}/libGL.so.1`, { soname: 'libGL.so.1' }), ...cv2];
    expect(names(await resolveSystem(request(inBase), gl))).toEqual([]);
    const cuda = [object(`${site}/torch/_C.abi3.so`, { needed: ['libcuda.so.1'] })];
    expect(await resolveSystem(request(cuda), gl)).toMatchObject({ added: [], open: [] });
  });

  test('a library that a required distribution opens first counts as there', async () => {
    const files = [
      object(`${site}/torch/_C.abi3.so`, { needed: ['libcublas.so.12'] }),
      object(`${site}/nvidia-cublas/libcublas.so.12`, { soname: 'libcublas.so.12' }),
    ];
    const alone = await resolveSystem(request(files), gl);
    expect(alone.open.map((one) => one.name)).toEqual(['libcublas.so.12']);
    const requiring = request(files, { requiredBy: () => new Set(['nvidia-cublas']) });
    expect((await resolveSystem(requiring, gl)).open).toEqual([]);
  });

  test('what nobody has stays open, with its chain and reason', async () => {
    const files = [object(`${site}/x/x.abi3.so`, { needed: ['libnone.so.1'] })];
    expect((await resolveSystem(request(files), gl)).open).toEqual([
      { kind: 'library', name: 'libnone.so.1', chain: ['x', `${site}/x/x.abi3.so`, 'libnone.so.1'], reason: 'unknown' },
    ]);
    expect((await resolveSystem(request(cv2), undefined)).open).toMatchObject([
      { name: 'libGL.so.1', reason: 'no-suite' },
    ]);
  });

  test('an excluded package is not taken, and the next best is where there is one', async () => {
    const excluded = new Set(['libglx0']);
    const { added, open } = await resolveSystem(request(cv2, { excluded }), gl);
    expect(added.map((one) => one.deb.name)).toEqual(['libgl1']);
    expect(open).toMatchObject([{ name: 'libGLX.so.0', reason: 'excluded' }]);
  });

  test('a library of the base that is too old stays open', async () => {
    const libc = object(`${folder}/libc.so.6`, { soname: 'libc.so.6' });
    const old = libc.elf === undefined ? libc : { ...libc, elf: { ...libc.elf, definedVersions: ['GLIBC_2.17'] } };
    const files = [
      old,
      object(`${site}/x/x.abi3.so`, { needed: ['libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.38'] } }),
    ];
    expect((await resolveSystem(request(files), gl)).open).toMatchObject([
      { kind: 'version', name: 'libc.so.6 (GLIBC_2.38)', reason: 'too-old' },
    ]);
  });

  test('what is asked for by name is looked up under its older name, and its programs are followed', async () => {
    const suite = makeSuite({
      libmagic1t64: { provides: 'libmagic1', depends: 'libmagic-mgc', files: [object(`${folder}/libmagic.so.1`)] },
      'libmagic-mgc': { files: [data('usr/lib/file/magic.mgc')] },
      tool: {
        files: [
          object('usr/bin/tool', { type: 2, interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libmagic.so.1'] }),
        ],
      },
    });
    const byName = request([], { asked: [{ kind: 'package', names: ['libmagic1'], because: { rule: 'configured' } }] });
    expect(names(await resolveSystem(byName, suite))).toEqual(['libmagic-mgc', 'libmagic1t64']);
    const byProgram = request([], { asked: [{ kind: 'program', names: ['none', 'tool'], because: { rule: 'run' } }] });
    expect(names(await resolveSystem(byProgram, suite))).toEqual(['libmagic-mgc', 'libmagic1t64', 'tool']);
  });

  test('a metapackage that is named stands for what it depends on, programs and all', async () => {
    const copyright = (name: string) => data(`usr/share/doc/${name}/copyright`);
    const program = (path: string, needed: readonly string[]) =>
      object(path, { type: 2, interpreter: '/lib64/ld-linux-x86-64.so.2', needed });
    const suite = makeSuite({
      'sql-client': { depends: 'sql-client-17', files: [copyright('sql-client')] },
      'sql-client-17': { depends: 'libpq5, sql-common', files: [program('usr/lib/sql/17/bin/psql', ['libpq.so.5'])] },
      'sql-common': { files: [program('usr/bin/pg_wrapper', [])] },
      libpq5: { files: [object(`${folder}/libpq.so.5`, { soname: 'libpq.so.5' })] },
    });
    const because = { rule: 'configured' };
    const asked = (name: string) => request([], { asked: [{ kind: 'package', names: [name], because }] });
    const found = await resolveSystem(asked('sql-client'), suite);
    expect(names(found)).toEqual(['libpq5', 'sql-client', 'sql-client-17']);
    expect(found.added[2]?.because.rule).toBe('`sql-client` stands for it');
    expect(names(await resolveSystem(asked('sql-client-17'), suite))).toEqual(['libpq5', 'sql-client-17']);
  });

  test('dependency circles and libraries that need each other end', async () => {
    const suite = makeSuite({
      a: { depends: 'b, c', files: [object(`${folder}/liba.so`, { needed: ['libb.so'] })] },
      b: { depends: 'a', files: [object(`${folder}/libb.so`, { needed: ['liba.so'] })] },
      c: { depends: 'd', files: [data('usr/share/c')] },
      d: { depends: 'c', files: [data('usr/share/d')] },
    });
    const files = [object(`${site}/x/x.abi3.so`, { needed: ['liba.so'] })];
    const found = await resolveSystem(request(files), suite);
    expect(names(found)).toEqual(['a', 'b', 'c', 'd']);
    const chain = ['x', `${site}/x/x.abi3.so`, 'liba.so', 'a', 'c', 'd'];
    expect(found.added.at(-1)?.chain).toEqual(chain);
  });

  test('an index that names packages which do not hold the file does not go on for ever', async () => {
    const lying: SystemCatalogue = { ...gl, librariesNamed: async () => ['libllvm19'] };
    const found = await resolveSystem(request(cv2), lying);
    expect(found.open).toMatchObject([{ name: 'libGL.so.1', reason: 'unknown' }]);
  });
});

describe('policy depends', () => {
  test('takes what apt would without recommends', async () => {
    const found = await resolveSystem(request(cv2, { policy: 'depends' }), gl);
    expect(names(found)).toEqual(['libgl1', 'libglx-mesa0', 'libglx0', 'libllvm19', 'libx11-6', 'libx11-data']);
    expect(found.leftOut).toEqual([]);
  });
});

test('a package that wants a newer one than the base has is refused', async () => {
  const suite = makeSuite({ a: { depends: 'libc6 (>= 2.41), zlib1g', files: [object(`${folder}/liba.so`)] } });
  const files = [object(`${site}/x/x.abi3.so`, { needed: ['liba.so'] })];
  const installed = new Map<string, DebianVersion>([
    ['libc6', parseDebianVersion('2.36-9')],
    ['zlib1g', parseDebianVersion('1')],
  ]);
  const asked = request(files, { installed });
  const { added } = await resolveSystem(asked, suite);
  const newer = { ...asked, installed: new Map([...installed, ['libc6', parseDebianVersion('2.41-12')]]) };
  expect(() => assertNewEnough(added, newer)).not.toThrow();
  expect(() => assertNewEnough(added, asked)).toThrow(
    expect.objectContaining({
      code: 'BASE_PACKAGE_TOO_OLD',
      message: '`a` wants `libc6` >= 2.41, and the base has 2.36-9',
    }),
  );
});
