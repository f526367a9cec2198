import { describe, expect, test } from 'vitest';
import { elf, makeRoot, program, type RootSpec, site } from '../../../test/support/inspected-root.ts';
import { whyOptional } from '../../plan/knowledge/optional-files.ts';
import { verifyImage } from '../verify.ts';

const cv2 = `${site}/cv2/cv2.abi3.so`;
const record = (name: string, ...paths: readonly string[]) => ({
  [`${site}/${name}-1.0.dist-info/RECORD`]: paths.map((path) => `${path},,\n`).join(''),
});

function findingsOf(spec: RootSpec) {
  return verifyImage(makeRoot(spec)).findings;
}

test('a library that an extension needs and nothing brings is an error with the way to it, and what to add', () => {
  const findings = findingsOf({
    files: { [cv2]: elf({ needed: ['libc.so.6', 'libGL.so.1'] }), ...record('opencv_python', 'cv2/cv2.abi3.so') },
  });
  expect(findings).toEqual([
    {
      code: 'library-missing',
      severity: 'error',
      message: `\`/${cv2}\` needs \`libGL.so.1\`, which is not in the image`,
      path: `/${cv2}`,
      chain: ['opencv-python', 'cv2/cv2.abi3.so', 'libGL.so.1'],
    },
  ]);
});

test('the chain goes through the libraries in between', () => {
  const [finding] = findingsOf({
    files: {
      [cv2]: elf({ needed: ['libGL.so.1'] }),
      'usr/lib/x86_64-linux-gnu/libGL.so.1': elf({ soname: 'libGL.so.1', needed: ['libX11.so.6'] }),
      ...record('opencv_python', 'cv2/cv2.abi3.so'),
    },
  });
  expect(finding?.chain).toEqual([
    'opencv-python',
    'cv2/cv2.abi3.so',
    '/usr/lib/x86_64-linux-gnu/libGL.so.1',
    'libX11.so.6',
  ]);
});

test('many extensions of one distribution that lack the same library are one finding', () => {
  const files = Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [`${site}/pkg/${name}.so`, elf({ needed: ['x.so'] })]),
  );
  const findings = findingsOf({ files: { ...files, ...record('pkg', 'pkg/a.so', 'pkg/b.so', 'pkg/c.so') } });
  expect(findings.map((one) => one.message)).toEqual([
    `\`/${site}/pkg/a.so\` needs \`x.so\`, which is not in the image (and 2 more ways lead there)`,
  ]);
});

test('a symbol version that the library here does not have is an error', () => {
  const [finding, ...others] = findingsOf({
    files: {
      [`${site}/fast.abi3.so`]: elf({
        needed: ['libc.so.6'],
        neededVersions: [
          { library: 'libc.so.6', version: 'GLIBC_2.34' },
          { library: 'libc.so.6', version: 'GLIBC_2.41' },
        ],
      }),
    },
  });
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ code: 'library-version-missing', severity: 'error' });
  expect(finding?.chain?.at(-1)).toBe('libc.so.6 (GLIBC_2.41)');
});

describe('what need not be there', () => {
  test('libraries of the driver come from the host', () => {
    expect(findingsOf({ files: { [`${site}/gpu.abi3.so`]: elf({ needed: ['libcuda.so.1'] }) } })).toEqual([]);
  });

  test('a plug-in that no extension reaches is told, not refused', () => {
    const findings = findingsOf({
      files: {
        [`${site}/ort/state.abi3.so`]: elf(),
        [`${site}/ort/libproviders_tensorrt.so`]: elf({ needed: ['libnvinfer.so.10'] }),
        ...record('ort', 'ort/state.abi3.so', 'ort/libproviders_tensorrt.so'),
      },
    });
    expect(findings).toMatchObject([
      {
        code: 'plug-in-library-missing',
        severity: 'warning',
        chain: ['ort', 'ort/libproviders_tensorrt.so', 'libnvinfer.so.10'],
      },
    ]);
  });

  test("numba's threading layers are plug-ins, although Python could import them", () => {
    const tbb = `${site}/numba/np/ufunc/tbbpool.cpython-313-x86_64-linux-gnu.so`;
    const files = { [tbb]: elf({ needed: ['libtbb.so.12'] }), ...record('numba', tbb.slice(site.length + 1)) };
    const input = makeRoot({ files });
    const { findings } = verifyImage({ ...input, knowledge: { ...input.knowledge, whyOptional } });
    expect(findings).toMatchObject([{ severity: 'warning' }]);
  });

  test('what a sibling of the same distribution or of nvidia opens first', () => {
    const findings = findingsOf({
      files: {
        [`${site}/torch/_C.cpython-313-x86_64-linux-gnu.so`]: elf({ needed: ['libtorch.so', 'libcublas.so.12'] }),
        [`${site}/torch/lib/libtorch.so`]: elf({ soname: 'libtorch.so' }),
        [`${site}/nvidia/cublas/lib/libcublas.so.12`]: elf({ soname: 'libcublas.so.12' }),
        ...record('torch', 'torch/_C.cpython-313-x86_64-linux-gnu.so', 'torch/lib/libtorch.so'),
        ...record('nvidia_cublas_cu12', 'nvidia/cublas/lib/libcublas.so.12'),
      },
    });
    expect(findings).toEqual([]);
  });

  test('what importing another distribution loads', () => {
    const findings = findingsOf({
      files: {
        [`${site}/torch/_C.cpython-313-x86_64-linux-gnu.so`]: elf({ needed: ['libc10.so'], rpath: '$ORIGIN/lib' }),
        [`${site}/torch/lib/libc10.so`]: elf({ soname: 'libc10.so' }),
        [`${site}/torchvision/_C.so`]: elf({ needed: ['libc10.so'] }),
        ...record('torch', 'torch/_C.cpython-313-x86_64-linux-gnu.so', 'torch/lib/libc10.so'),
        ...record('torchvision', 'torchvision/_C.so'),
      },
    });
    expect(findings).toEqual([]);
  });

  test('what is known to do without is told', () => {
    const files = {
      [`${site}/fragile/x.abi3.so`]: elf({ needed: ['gone.so'] }),
      ...record('fragile', 'fragile/x.abi3.so'),
    };
    expect(findingsOf({ files })).toMatchObject([{ code: 'plug-in-library-missing', severity: 'warning' }]);
  });

  test('extensions for another Python are never imported', () => {
    expect(
      findingsOf({ files: { [`${site}/x.cpython-39-x86_64-linux-gnu.so`]: elf({ needed: ['gone.so'] }) } }),
    ).toEqual([]);
  });
});

test('a distribution without extensions opens its library itself', () => {
  const findings = findingsOf({
    files: {
      [`${site}/lightgbm/lib/lib_lightgbm.so`]: elf({ needed: ['libgomp.so.1'] }),
      ...record('lightgbm', 'lightgbm/lib/lib_lightgbm.so'),
    },
  });
  expect(findings).toMatchObject([{ code: 'library-missing', severity: 'error' }]);
});

describe('libraries that a distribution opens by name', () => {
  const opened = { shop: [['libmagic.so.1']] };

  test('are missed as errors', () => {
    expect(findingsOf({ opened })).toEqual([
      {
        code: 'library-missing',
        severity: 'error',
        message: '`shop` opens `libmagic.so.1` when it is imported, and it is not in the image',
        chain: ['shop', 'libmagic.so.1'],
      },
    ]);
  });

  test('must load themselves', () => {
    const magic = { 'usr/lib/x86_64-linux-gnu/libmagic.so.1': elf({ needed: ['libz.so.1'] }) };
    expect(findingsOf({ opened, files: magic })).toMatchObject([{ chain: expect.arrayContaining(['libz.so.1']) }]);
  });

  test('one of several is enough', () => {
    const files = { 'usr/lib/libb.so.2': elf() };
    expect(findingsOf({ opened: { shop: [['liba.so.1', 'libb.so.2']] }, files })).toEqual([]);
  });
});

test('programs that a distribution runs are missed as errors', () => {
  const runs = { shop: [['ffmpeg', 'avconv']] };
  expect(findingsOf({ runs })).toMatchObject([
    { code: 'program-missing', severity: 'error', chain: ['shop', 'ffmpeg'] },
  ]);
  expect(findingsOf({ runs, files: { 'usr/bin/avconv': program() } })).toEqual([]);
});

test('code for another machine is an error, whatever it needs', () => {
  const findings = findingsOf({ files: { [`${site}/x.abi3.so`]: elf({ machine: 'arm64', needed: ['gone.so'] }) } });
  expect(findings).toMatchObject([{ code: 'machine-wrong', severity: 'error' }]);
});

test('a program whose loader is not in the image does not start', () => {
  const musl = program({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.musl-x86_64.so.1'] });
  expect(findingsOf({ files: { 'opt/venv/bin/tool': musl } })).toMatchObject([
    { code: 'loader-missing', path: '/opt/venv/bin/tool', chain: ['/opt/venv/bin/tool', '/lib/ld-musl-x86_64.so.1'] },
  ]);
});

test('the program of the command counts wherever it is', () => {
  const findings = findingsOf({
    files: { 'app/server': program({ needed: ['libssl.so.3'] }) },
    config: { command: ['./server'] },
  });
  expect(findings).toMatchObject([{ code: 'library-missing', path: '/app/server' }]);
});

test('folders of ld.so.conf count where ldconfig was run', () => {
  const files = {
    [`${site}/x.abi3.so`]: elf({ needed: ['libown.so'] }),
    'opt/own/lib/libown.so': elf({ soname: 'libown.so' }),
    'etc/ld.so.conf': '# ours\ninclude /etc/ld.so.conf.d/*.conf\n',
    'etc/ld.so.conf.d/own.conf': '/opt/own/lib\n',
  };
  expect(findingsOf({ files })).toMatchObject([{ code: 'library-missing' }]);
  expect(findingsOf({ files: { ...files, 'etc/ld.so.cache': 'x' } })).toEqual([]);
});

test('LD_LIBRARY_PATH of the configuration counts', () => {
  const files = { [`${site}/x.abi3.so`]: elf({ needed: ['libown.so'] }), 'app/lib/libown.so': elf() };
  const env = [
    { name: 'PATH', value: '/opt/venv/bin' },
    { name: 'LD_LIBRARY_PATH', value: '/app/lib' },
  ];
  expect(findingsOf({ files, config: { env } })).toEqual([]);
});

test('an extension that cannot be read is an error, elsewhere such a file is told', () => {
  const findings = findingsOf({
    files: {
      [`${site}/cut.abi3.so`]: { elfProblem: 'it is cut off' },
      'usr/share/sample': { elfProblem: 'it is cut off' },
    },
  });
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
    ['elf-unreadable', 'error'],
    ['elf-unreadable', 'warning'],
  ]);
});
