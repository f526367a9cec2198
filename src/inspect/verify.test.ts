import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { elf, makeRoot, program, type RootSpec } from '../../test/support/inspected-root.ts';
import { rootDir } from '../../test/support/paths.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { FileFacts } from '../root/file-facts.ts';
import { layTree } from '../root/tree.ts';
import { findingCodes } from './finding.ts';
import { verifyImage } from './verify.ts';

test('findings are sorted: errors, then by code and path', () => {
  const { findings } = verifyImage(
    makeRoot({
      files: { 'app/b': '-> gone', 'app/a': '-> gone', 'app/x.pyc': { bytecodeMagic: 1 } },
      config: {
        user: '0',
        env: [
          { name: 'PATH', value: '/opt/venv/bin' },
          { name: 'HOME', value: '/tmp' },
        ],
      },
    }),
  );
  expect(findings.map(({ code, path }) => `${code} ${path ?? ''}`.trim())).toEqual([
    'bytecode-wrong /app/x.pyc',
    'link-dangling /app/a',
    'link-dangling /app/b',
    'user-is-root',
  ]);
});

describe('the Python of an archive', () => {
  const folder = 'opt/python/lib/python3.13t';
  const own = {
    'opt/python/bin/python3.13t': program({
      needed: ['libpython3.13t.so.1.0', 'libc.so.6'],
      runpath: '$ORIGIN/../lib',
    }),
    [`${folder}/os.py`]: '',
    [`${folder}/lib-dynload/_x.cpython-313t-x86_64-linux-gnu.so`]: elf({
      needed: ['libssl.so.3'],
      runpath: '$ORIGIN/../..',
    }),
    'opt/venv/bin/python': '-> /opt/python/bin/python3.13t',
    'opt/venv/lib/python3.13t/site-packages/shop/__init__.py': '',
    'opt/venv/lib/python3.13t/site-packages/shop/_fast.cpython-313t-x86_64-linux-gnu.so': elf({
      needed: ['libgone.so'],
    }),
  };
  const libraries = {
    'opt/python/lib/libpython3.13t.so.1.0': elf({ soname: 'libpython3.13t.so.1.0' }),
    'opt/python/lib/libssl.so.3': elf({ soname: 'libssl.so.3' }),
  };
  const missing = (files: NonNullable<RootSpec['files']>) =>
    verifyImage(makeRoot({ files })).findings.flatMap(({ code, message }) =>
      code === 'library-missing' ? [/`(lib[^`]+)`/.exec(message)?.[1]] : [],
    );

  test('is found with its folders, its extensions and the libraries beside it', () => {
    expect(missing({ ...own, ...libraries })).toEqual(['libgone.so']);
    expect(missing(own)).toEqual(expect.arrayContaining(['libgone.so', 'libpython3.13t.so.1.0', 'libssl.so.3']));
  });
});

describe('a Python that tare did not lay out', () => {
  const base = { bare: true, config: { env: [], user: '', workdir: '', command: ['python3'] } } as const;
  const common = {
    'lib64/ld-linux-x86-64.so.2': elf(),
    'usr/lib/libc.so.6': elf({ soname: 'libc.so.6' }),
    tmp: { type: 'directory', mode: 0o1777 },
    root: { type: 'directory', mode: 0o700 },
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
  } as const;
  const broken = elf({ needed: ['gone.so'] });

  test.for([
    ['of docker.io/python', 'usr/local/bin/python3.12', 'usr/local/lib/python3.12/site-packages'],
    ['of Debian', 'usr/bin/python3.11', 'usr/lib/python3/dist-packages'],
    ['of Debian, installed with pip', 'usr/bin/python3.11', 'usr/local/lib/python3.11/dist-packages'],
    ['of Fedora', 'usr/bin/python3.13', 'usr/lib64/python3.13/site-packages'],
    ['of conda', 'opt/conda/bin/python3.10', 'opt/conda/lib/python3.10/site-packages'],
  ] as const)('%s', ([, interpreter, folder]) => {
    const { findings, python } = verifyImage(
      makeRoot({
        ...base,
        config: { ...base.config, command: [`/${interpreter}`] },
        files: { ...common, [interpreter]: program(), [`${folder}/x.abi3.so`]: broken },
      }),
    );
    expect(python).toBe(/3\.\d+/.exec(interpreter)?.[0]);
    expect(findings.map(({ code }) => code)).toContain('library-missing');
  });

  test('managed by uv, below an environment in the application', () => {
    const managed = 'root/.local/share/uv/python/cpython-3.12.8-linux-x86_64-gnu/bin/python3.12';
    const input = makeRoot({
      ...base,
      config: { ...base.config, env: [{ name: 'PATH', value: '/app/.venv/bin' }], command: ['python'] },
      files: {
        ...common,
        [managed]: program(),
        'app/.venv/pyvenv.cfg': 'home = /root\n',
        'app/.venv/bin/python': `-> /${managed}`,
        'app/.venv/lib/python3.12/site-packages/x.cpython-312-x86_64-linux-gnu.so': broken,
      },
    });
    expect(verifyImage(input).findings.map(({ code }) => code)).toContain('library-missing');
  });
});

test('what is opened by musl is searched where musl searches', () => {
  const files = {
    'lib/ld-musl-x86_64.so.1': elf(),
    'lib/libc.musl-x86_64.so.1': '-> ld-musl-x86_64.so.1',
    'usr/local/bin/python3.12': program({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.musl-x86_64.so.1'] }),
    'usr/local/lib/python3.12/site-packages/x.abi3.so': elf({ needed: ['libown.so'] }),
    'usr/local/lib/libown.so': elf(),
  };
  const { findings } = verifyImage(makeRoot({ bare: true, files, config: { command: ['python3.12'], env: [] } }));
  expect(findings.filter(({ code }) => code === 'library-missing')).toEqual([]);
});

test('every code is explained in the documentation, and no other', () => {
  const explained = readFileSync(join(rootDir, 'docs/verify.md'), 'utf8').matchAll(/^\| `([a-z-]+)` \|/gm);
  expect(new Set([...explained].map((one) => one[1]))).toEqual(new Set(findingCodes));
});

describe('hostile images', () => {
  const names = fc.constantFrom(
    ...[
      'opt',
      'venv',
      'bin',
      'python',
      'python3.13',
      'lib',
      'site-packages',
      'x-1.dist-info',
      'RECORD',
      'entry_points.txt',
    ],
    ...[
      'pyvenv.cfg',
      'x.pth',
      'x.so',
      'x.abi3.so',
      'etc',
      'passwd',
      'group',
      'ld.so.conf',
      'ld.so.conf.d',
      'tmp',
      'app',
      'usr',
    ],
    ...[
      'x.pyc',
      '__pycache__',
      '__proto__',
      'constructor',
      '\u001b[31m',
      'a\nb',
      ' ',
      '.wh.x',
      '.wh..wh..opq',
      'x.libs',
    ],
  );
  const path = fc.array(names, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
  const target = fc.oneof(path, fc.constantFrom('..', '../..', '/', '.', '', '/proc/x', '../../../../x', '\u0000'));
  const soname = fc.oneof(names, fc.constantFrom('libc.so.6', '', '/', '$ORIGIN/x', '../x'));
  const facts: fc.Arbitrary<FileFacts> = fc.record(
    {
      path,
      type: fc.constantFrom('file', 'directory', 'symlink', 'hardlink'),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.nat(),
      gid: fc.nat(),
      size: fc.nat(),
      linkTarget: target,
      shebang: fc.oneof(target, fc.string()),
      bytecodeMagic: fc.nat(65_535),
      elfProblem: fc.string(),
      elf: fc.record({
        class: fc.constantFrom(32, 64),
        endian: fc.constantFrom('little', 'big'),
        machine: fc.constantFrom('amd64', 'arm64', 'machine-7'),
        type: fc.constantFrom('shared', 'executable', 'relocatable', 'core', 'other'),
        soname,
        needed: fc.array(soname, { maxLength: 4 }),
        rpath: target,
        runpath: target,
        interpreter: target,
        neededVersions: fc.array(fc.record({ library: soname, version: fc.string() }), { maxLength: 2 }),
        definedVersions: fc.array(fc.string(), { maxLength: 2 }),
      }),
    },
    { requiredKeys: ['path', 'type', 'mode', 'uid', 'gid', 'size'] },
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'include /etc/*\n',
      '/app\nimport x\n../..\n',
      '[console_scripts]\na = b.c:d\n',
      'root:x:0:0::/:\n',
    ),
    fc.constantFrom('a,b,c,d\n', '../../../etc/passwd,,\n', '"x', 'include-system-site-packages = true\n'),
  );

  test('give findings, never a failure', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(facts, { maxLength: 25 }), { maxLength: 3 }),
        fc.array(fc.tuple(path, text), { maxLength: 10 }),
        fc.array(fc.oneof(target, fc.constantFrom('python', '-m', 'uvicorn', '--', 'env', 'x:y', '-A')), {
          maxLength: 5,
        }),
        fc.oneof(fc.string(), fc.constantFrom('root', '0:0', ':', 'x:y:z')),
        fc.record({ PATH: target, PYTHONPATH: target, HOME: target, LD_LIBRARY_PATH: target }, { requiredKeys: [] }),
        target,
        (layers, texts, command, user, env, workdir) => {
          const { findings } = verifyImage({
            tree: layTree(layers),
            texts: new Map(texts),
            platform: parsePlatform('linux/amd64'),
            config: {
              env: Object.entries(env).map(([name, value]) => ({ name, value })),
              user,
              workdir,
              command,
              labels: {},
            },
            knowledge: {
              needsOf: () => [{ kind: 'library', distribution: 'x', names: ['libc.so.6', ''], condition: 'always' }],
              isHostLibrary: () => false,
              whyOptional: () => undefined,
            },
          });
          for (const { code, severity, message } of findings) {
            expect(code).toMatch(/^[a-z-]+$/);
            expect(severity === 'error' || severity === 'warning').toBe(true);
            expect(message).not.toBe('');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
