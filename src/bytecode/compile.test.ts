import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileSources, type CompiledSource, readBytecodeFormat, type SourceFile } from './compile-process.ts';
import { writeBundle } from './compile-bundle.ts';
import type { Compiler } from './compiler.ts';

const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
const base = {
  command: [python],
  env: { PYTHONHASHSEED: '0', LC_ALL: 'C.UTF-8' },
  cwd: mkdtempSync(join(tmpdir(), 'tare-compile-')),
};
const format = await readBytecodeFormat(base);
const compiler: Compiler = { ...base, version: format.version };

function source(path: string, text: string | Uint8Array): SourceFile {
  return { path, read: () => (typeof text === 'string' ? Buffer.from(text) : text) };
}

async function compile(sources: readonly SourceFile[], options = {}): Promise<readonly CompiledSource[]> {
  const all: CompiledSource[] = [];
  for await (const one of compileSources(compiler, sources, options)) all.push(one);
  return all;
}

function bytecodeOf(one: CompiledSource | undefined): Uint8Array {
  if (one === undefined || !('bytecode' in one)) throw new Error(JSON.stringify(one));
  return one.bytecode;
}

function failureOf(one: CompiledSource | undefined): string {
  if (one === undefined || !('failure' in one)) throw new Error('it was compiled');
  return one.failure;
}

/** What CPython's own `py_compile` makes of a source. */
function oracle(text: string, path: string): Buffer {
  const file = join(base.cwd, 'source.py');
  writeFileSync(file, text);
  const target = join(base.cwd, 'out.pyc');
  const script = `import py_compile as p; p.compile(${JSON.stringify(file)}, ${JSON.stringify(target)}, ${JSON.stringify(path)}, doraise=True, invalidation_mode=p.PycInvalidationMode.UNCHECKED_HASH)`;
  execFileSync(python, ['-c', script], { env: base.env });
  return readFileSync(target);
}

const module =
  'import os\n\ndef greet(name, *, loud=False):\n    """Says it."""\n    return {"hello", name, os.sep} if loud else name\n';

test('bytecode is what py_compile makes with unchecked hashes, with the path of the image in it', async () => {
  const [one] = await compile([source('/app/greet.py', module)]);
  expect(Buffer.from(bytecodeOf(one)).equals(oracle(module, '/app/greet.py'))).toBe(true);
  expect(Buffer.from(bytecodeOf(one)).readUInt32LE(4)).toBe(1);
  expect(Buffer.from(bytecodeOf(one)).includes('/app/greet.py')).toBe(true);
});

test('apart, the bytes of a source do not depend on what was compiled before', async () => {
  const other = source(
    '/app/other.py',
    'greet = loud = hello = "name"\nclass A:\n    def hello(self, name): return self.loud\n',
  );
  const [alone] = await compile([source('/app/greet.py', module)], { isolated: true });
  const after = await compile([other, other, source('/app/greet.py', module)], { isolated: true });
  expect(bytecodeOf(after[2])).toEqual(bytecodeOf(alone));
});

test.each([
  ['a syntax error', 'def f(:\n', /^line 1: /],
  ['Python 2', 'print "hello"\n', /^line 1: /],
  ['no UTF-8', Buffer.from([0x78, 0x3d, 0x22, 0xff, 0x22, 0x0a]), /utf-8|unicode/i],
  ['a NUL', 'x = 1\0\n', /null byte/i],
  ['an unknown encoding', '# coding: nonsense\n', /encoding/i],
  ['deep brackets', `${'('.repeat(5000)}1${')'.repeat(5000)}\n`, /nested|memory|recursion|signal|ended/i],
  ['deep expressions', `x = ${'-'.repeat(100_000)}1\n`, /nested|memory|recursion|signal|ended/i],
])('%s is told, and what follows is compiled', async (_, text, reason) => {
  const results = await compile([source('/a.py', text), source('/b.py', 'x = 1\n')]);
  expect(failureOf(results[0])).toMatch(reason);
  expect(bytecodeOf(results[1]).length).toBeGreaterThan(16);
});

/** The interpreter below bounds of its own (ulimit of the shell). */
const bounded = (limits: string): Compiler => ({
  ...compiler,
  command: ['/bin/sh', '-c', `${limits}; exec "$0" "$@"`, python],
});
const heavy = source('/heavy.py', `x = [${'f(1, a=2), '.repeat(300_000)}]\n`);

test.each([{ isolated: false }, { isolated: true }])(
  'a source that crashes the interpreter stays one, and what follows is compiled: %o',
  async (options) => {
    // A stack of 100 kB is too small for deep expressions.
    const results: CompiledSource[] = [];
    const deep = source('/deep.py', `x = ${'['.repeat(150)}${']'.repeat(150)}\n`);
    for await (const one of compileSources(bounded('ulimit -s 100'), [deep, source('/b.py', 'y = 2\n')], options)) {
      results.push(one);
    }
    expect(results.map((one) => one.path)).toEqual(['/deep.py', '/b.py']);
    expect(bytecodeOf(results[1]).length).toBeGreaterThan(16);
  },
);

test.each([{ isolated: false }, { isolated: true }])(
  'a compiler that is killed is an error that another try may not have, and says nothing of the source: %o',
  async (options) => {
    const results: CompiledSource[] = [];
    const run = async (): Promise<void> => {
      for await (const one of compileSources(compiler, [source('/a.py', 'x = 1\n'), heavy, heavy], options)) {
        results.push(one);
        execFileSync('pkill', ['-KILL', '-f', '--', `^${python} -S -s -B`]);
      }
    };
    await expect(run()).rejects.toMatchObject({
      code: 'COMPILER_FAILED',
      transient: true,
      message: expect.stringMatching(/was ended while it compiled `\/heavy\.py`: .*(?:SIGKILL|signal 9)/),
    });
    expect(results.map((one) => one.path)).toEqual(['/a.py']);
  },
);

test.each([{ isolated: false }, { isolated: true }])(
  'a source that takes too much processor time stays one, and what follows is compiled: %o',
  async (options) => {
    const endless = source('/endless.py', `x = [${'f(1, a=2), '.repeat(3_000_000)}]\n`);
    const limited = bounded('ulimit -S -t 1; ulimit -H -t 3');
    const results: CompiledSource[] = [];
    for await (const one of compileSources(limited, [endless, source('/b.py', 'y = 2\n')], options)) results.push(one);
    expect(failureOf(results[0])).toMatch(/processor time/);
    expect(bytecodeOf(results[1]).length).toBeGreaterThan(16);
  },
);

test('a compiler that is stuck is one, too', async () => {
  await expect(compile([heavy, heavy], { patience: 300 })).rejects.toMatchObject({
    code: 'COMPILER_FAILED',
    transient: true,
  });
});

test('modules of the folder that it is started in are not its own', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'tare-compile-'));
  for (const name of ['types', 'resource', 'importlib', 'gc', 'os']) {
    writeFileSync(join(cwd, `${name}.py`), `open(${JSON.stringify(join(cwd, 'ran'))}, 'w')\n`);
  }
  for await (const one of compileSources({ ...compiler, cwd }, [source('/a.py', 'x = 1\n')])) bytecodeOf(one);
  expect(existsSync(join(cwd, 'ran'))).toBe(false);
});

test.each([
  ['is not there', ['/nowhere/python'], /ENOENT/],
  ['is for another processor or has no loader', ['/bin/sh', '-c', 'exit 127'], /exit code 127/],
  ['is stopped by the system', ['/bin/sh', '-c', 'kill -SYS $$'], /SIGSYS/],
  ['is no Python', ['/bin/cat', '/etc/hostname'], /cannot be used/],
])('an interpreter that %s is one clear error', async (_, command, message) => {
  await expect(readBytecodeFormat({ ...base, command })).rejects.toMatchObject({
    code: 'COMPILER_FAILED',
    message: expect.stringMatching(message),
  });
});

test('another version than expected is refused', async () => {
  const other = { ...compiler, version: '3.99.1' };
  const run = async (): Promise<void> => {
    for await (const one of compileSources(other, [source('/a.py', 'x = 1\n')])) expect(one).toBeUndefined();
  };
  await expect(run()).rejects.toMatchObject({
    code: 'COMPILER_FAILED',
    message: expect.stringContaining('3.99.1 was expected'),
  });
});

test('an error while a source is read is that error', async () => {
  const broken: SourceFile = { path: '/a.py', read: () => Promise.reject(new Error('the disk is gone')) };
  await expect(compile([broken])).rejects.toThrow('the disk is gone');
});

test('an aborted build ends the compiler', async () => {
  const controller = new AbortController();
  const endless = Array.from({ length: 500 }, (_, at) => source(`/m${at}.py`, module));
  const run = async (): Promise<void> => {
    for await (const one of compileSources(compiler, endless, { signal: controller.signal })) {
      expect(one.path).toBe('/m0.py');
      controller.abort(new Error('interrupted'));
    }
  };
  await expect(run()).rejects.toThrow();
});

test('a bundle has every source at its place, however many processes made it', async () => {
  const sources = Array.from({ length: 600 }, (_, at) =>
    source(`/app/m${String(at).padStart(3, '0')}.py`, at === 300 ? 'def (' : `${module}x = ${at}\n`),
  );
  const bundles = await Promise.all(
    [1, 3].map(async (parallel) => {
      const output = join(base.cwd, `bundle-${parallel}`);
      const bundle = await writeBundle(compiler, sources.toReversed?.() ?? sources, output, { parallel });
      const bytes = readFileSync(output);
      expect(bytes.length).toBe(bundle.size);
      return bundle.files.map((file) => [
        file.path,
        file.sha256,
        bytes.subarray(file.offset, file.offset + file.size).toString('hex'),
      ]);
    }),
  );
  expect(bundles[0]?.length).toBe(599);
  expect(bundles[1]).toEqual(bundles[0]);
});
