import { describe, expect, test } from 'vitest';
import { elf, makeRoot, program, type RootFile, site } from '../../test/support/inspected-root.ts';
import { whyOptional } from '../plan/knowledge/optional-files.ts';
import { nativeRoots } from './native-roots.ts';

const dist = 'opt/venv/lib/python3.13/site-packages/';

/** `required KIND` or `optional KIND` by path below site-packages, or from the root. */
function sortOf(files: Readonly<Record<string, RootFile>>, owners: Readonly<Record<string, string>> = {}) {
  const { tree } = makeRoot({ bare: true, files });
  const { required, optional } = nativeRoots(tree.entries(), {
    python: '3.13',
    importFolders: [`/${site}/`, 'app', ''],
    standardFolders: ['usr/lib/python3.13/lib-dynload'],
    programFolders: ['opt/tools'],
    distributionOf: (path) => Object.entries(owners).find(([start]) => path.startsWith(`${dist}${start}`))?.[1],
    whyOptional,
  });
  const short = (path: string): string => (path.startsWith(dist) ? path.slice(dist.length) : path);
  return Object.fromEntries([
    ...required.map(({ path, kind }) => [short(path), `required ${kind}`]),
    ...optional.map(({ path, kind }) => [short(path), `optional ${kind}`]),
  ]);
}

const at = (files: Readonly<Record<string, RootFile>>) =>
  Object.fromEntries(Object.entries(files).map(([path, file]) => [`${dist}${path}`, file]));

describe('what Python would import', () => {
  test('a free-threaded one imports its own extensions, not those of the other', () => {
    const folder = 'opt/venv/lib/python3.13t/site-packages';
    const files = {
      [`${folder}/own.cpython-313t-x86_64-linux-gnu.so`]: elf(),
      [`${folder}/other.cpython-313-x86_64-linux-gnu.so`]: elf(),
    };
    const { required, optional } = nativeRoots(makeRoot({ bare: true, files }).tree.entries(), {
      python: '3.13t',
      importFolders: [folder],
      standardFolders: [],
      programFolders: [],
      distributionOf: () => undefined,
    });
    expect(required.map(({ path }) => path)).toEqual([`${folder}/own.cpython-313t-x86_64-linux-gnu.so`]);
    expect(optional).toEqual([]);
  });

  test.for([
    ['numpy/_core/_multiarray_umath.cpython-313-x86_64-linux-gnu.so', 'required extension'],
    ['numpy/_core/_simd.cpython-313.so', 'required extension'],
    ['cv2/cv2.abi3.so', 'required extension'],
    ['pymupdf/_mupdf.so', 'required extension'],
    ['top.so', 'required extension'],
    ['pandas/_libs/lib.cpython-313-x86_64-linux-gnu.so', 'required extension'],
    ['numpy/core/old.cpython-39-x86_64-linux-gnu.so', undefined],
    ['numpy/core/old.cpython-3130-x86_64-linux-gnu.so', undefined],
    ['numpy/core/p.pypy310-pp73-x86_64-linux-gnu.so', undefined],
    ['mpi4py/MPI.mpich.abi3.so', 'required ctypes'],
    ['some-folder/ext.abi3.so', 'required ctypes'],
    ['numba/np/ufunc/omppool.cpython-313-x86_64-linux-gnu.so', 'optional extension'],
    ['lightgbm/lib/lib_lightgbm.so', 'required ctypes'],
    ['pkg.libs/libgomp-a34b3233.so.1.0.0', 'optional plug-in'],
    ['pkg/plugins/libx.so', 'optional plug-in'],
    ['nvidia/cufile/lib/libcufile_rdma.so.1', 'optional plug-in'],
    ['pkg/module.py', undefined],
    ['pkg/blob.bin', undefined],
  ] as const)('%s: %s', ([path, expected]) => {
    const owners = path.startsWith('numba/')
      ? { numba: 'numba' }
      : path.startsWith('nvidia/')
        ? { nvidia: 'nvidia-cufile-cu12' }
        : {};
    expect(sortOf(at({ [path]: elf() }), owners)).toEqual(expected === undefined ? {} : { [path]: expected });
  });
});

test('beside extensions of its distribution a library is reached by them or a plug-in', () => {
  const files = at({ 'ort/state.abi3.so': elf(), 'ort/libshared.so': elf(), 'ort.libs/libz-1.so': elf() });
  expect(sortOf(files, { ort: 'ort', 'ort.libs': 'ort' })).toEqual({
    'ort/state.abi3.so': 'required extension',
    'ort/libshared.so': 'optional plug-in',
    'ort.libs/libz-1.so': 'optional plug-in',
  });
});

test('a library among modules that no object needs is opened by them', () => {
  const files = at({
    'paddle/base/__init__.py': { mode: 0o644 },
    'paddle/fast.abi3.so': elf({ needed: ['libserving.so'] }),
    'paddle/base/libpaddle.so': elf({ needed: ['libcommon.so'] }),
    'paddle/base/libserving.so': elf(),
    'paddle/base/libold.so.1': elf(),
    'paddle/libs/libcommon.so': elf(),
  });
  expect(sortOf(files, { paddle: 'paddlepaddle' })).toEqual({
    'paddle/fast.abi3.so': 'required extension',
    'paddle/base/libpaddle.so': 'required ctypes',
    'paddle/base/libserving.so': 'optional plug-in',
    'paddle/base/libold.so.1': 'optional plug-in',
    'paddle/libs/libcommon.so': 'optional plug-in',
  });
});

test('a distribution that holds the libraries of another is reached through that', () => {
  const files = at({
    'PyQt6/QtCore.abi3.so': elf({ needed: ['libQt6Core.so.6'] }),
    'PyQt6/Qt6/lib/libQt6Core.so.6': elf({ soname: 'libQt6Core.so.6' }),
    'PyQt6/Qt6/lib/libQt6Help.so.6': elf({ soname: 'libQt6Help.so.6', needed: ['libQt6Core.so.6'] }),
  });
  expect(sortOf(files, { 'PyQt6/Qt6': 'pyqt6-qt6', PyQt6: 'pyqt6' })).toMatchObject({
    'PyQt6/Qt6/lib/libQt6Core.so.6': 'optional plug-in',
    'PyQt6/Qt6/lib/libQt6Help.so.6': 'optional plug-in',
  });
});

test('one whose libraries need each other only opens them itself', () => {
  const files = at({ 'nccl/lib/libnccl.so.2': elf({ needed: ['libx.so'] }), 'nccl/lib/libx.so': elf() });
  expect(sortOf(files, { nccl: 'nccl' })).toEqual({
    'nccl/lib/libnccl.so.2': 'required ctypes',
    'nccl/lib/libx.so': 'required ctypes',
  });
});

test('programs are those that may be executed in folders for programs', () => {
  expect(
    sortOf({
      'usr/bin/tool': program(),
      'usr/sbin/static': { mode: 0o755, elf: { type: 'executable' } },
      'opt/tools/own': program(),
      'usr/lib/thing/private': program(),
      [`${dist}torch/bin/protoc`]: program(),
      [`${dist}imageio_ffmpeg/binaries/ffmpeg`]: program(),
      'usr/bin/libpython.so': { mode: 0o755, elf: { type: 'shared' } },
      'usr/bin/not-executable': { ...program(), mode: 0o644 },
    }),
  ).toEqual({
    'usr/bin/tool': 'required program',
    'usr/sbin/static': 'required program',
    'opt/tools/own': 'required program',
    'torch/bin/protoc': 'required program',
  });
});

test('the standard library is imported, but for what falls back without', () => {
  const folder = 'usr/lib/python3.13/lib-dynload';
  const tag = 'cpython-313-x86_64-linux-gnu.so';
  const files = Object.fromEntries(['_ssl', '_tkinter', '_gdbm'].map((name) => [`${folder}/${name}.${tag}`, elf()]));
  expect(sortOf({ ...files, [`${folder}/_old.cpython-312-x86_64-linux-gnu.so`]: elf() })).toEqual({
    [`${folder}/_ssl.${tag}`]: 'required standard',
    [`${folder}/_tkinter.${tag}`]: 'optional standard',
    [`${folder}/_gdbm.${tag}`]: 'optional standard',
  });
});

test('libraries of the system are no roots, although the root may be the working folder', () => {
  expect(sortOf({ 'usr/lib/x86_64-linux-gnu/gio/modules/libx.so': elf(), 'usr/lib/libz.so.1': elf() })).toEqual({});
});

test('the innermost import folder decides', () => {
  expect(sortOf({ 'app/native.so': elf(), 'app/vendor/libown.so': elf() })).toEqual({
    'app/native.so': 'required extension',
    'app/vendor/libown.so': 'required ctypes',
  });
});
