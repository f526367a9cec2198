import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeMemoryProject } from '../memory-project.ts';
import { findNativeCalls } from './native-calls.ts';
import { makePythonIndex } from './python-index.ts';

const callsIn = async (files: Readonly<Record<string, string>>) =>
  findNativeCalls(makePythonIndex(makeMemoryProject(files)));

/** `kind name` or `short name`, in the order found. */
async function namesIn(text: string): Promise<readonly string[]> {
  const calls = await callsIn({ 'app.py': text });
  return calls.map(({ kind, name, isShort }) => `${isShort === true ? 'short' : kind} ${name}`);
}

describe('libraries that an application loads by name', () => {
  test.each<readonly [string, string, readonly string[]]>([
    ['by find_library', 'import ctypes.util\nx = ctypes.util.find_library("magic")\n', ['short magic']],
    ['under an alias', 'from ctypes.util import find_library as f\nf(name="zbar")\n', ['short zbar']],
    ['by the module util', 'from ctypes import util\nutil.find_library("c")\n', ['short c']],
    ['by CDLL', 'import ctypes as c\nc.CDLL("libmagic.so.1")\n', ['library libmagic.so.1']],
    ['by PyDLL and a keyword', 'from ctypes import PyDLL\nPyDLL(name="libfoo.so")\n', ['library libfoo.so']],
    ['by LoadLibrary', 'from ctypes import cdll\ncdll.LoadLibrary("libusb-1.0.so.0")\n', ['library libusb-1.0.so.0']],
    ['after a star import', 'from ctypes import *\ncdll.LoadLibrary("libudev.so.1")\n', ['library libudev.so.1']],
    [
      'by cffi',
      'from cffi import FFI\nffi = FFI()\nlib = ffi.dlopen("libsndfile.so.1")\nself._ffi.dlopen("pulse")\n',
      ['library libsndfile.so.1', 'short pulse'],
    ],
    [
      'one inside the other, with something to fall back on',
      'import ctypes, ctypes.util\nctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")\n',
      ['library libpq.so.5', 'short pq'],
    ],
    [
      'of the system by its path',
      'import ctypes\nctypes.CDLL("/usr/lib/x86_64-linux-gnu/libgomp.so.1")\n',
      ['library libgomp.so.1'],
    ],
    [
      'by a constant of the module',
      'import ctypes\nNAME = "libvips.so.42"\ndef f():\n    return ctypes.CDLL(NAME)\n',
      ['library libvips.so.42'],
    ],
  ])('%s', async (_name, text, expected) => {
    expect(await namesIn(text)).toEqual(expected);
  });

  test.each([
    ['of other systems', 'import ctypes\nctypes.CDLL("foo.dll")\nctypes.CDLL("libfoo.dylib")\n'],
    ['of the application itself', 'import ctypes\nctypes.CDLL("./libfoo.so")\nctypes.CDLL("/app/libfoo.so")\n'],
    ['whose name is worked out', 'import ctypes\nctypes.CDLL(f"libfoo.so.{n}")\nctypes.CDLL(path)\n'],
    ['by a function of the same name', 'def find_library(x): ...\nfind_library("magic")\n'],
    ['the process itself', 'import ctypes\nctypes.CDLL(None)\nctypes.CDLL()\n'],
  ])('not those %s', async (_name, text) => {
    expect(await namesIn(text)).toEqual([]);
  });
});

describe('programs that an application executes', () => {
  test.each<readonly [string, string, readonly string[]]>([
    ['in a list', 'import subprocess\nsubprocess.run(["ffmpeg", "-i", x], check=True)\n', ['ffmpeg']],
    ['in a tuple, by keyword', 'import subprocess as sp\nsp.Popen(args=("pdftoppm", x))\n', ['pdftoppm']],
    ['by a name that was imported', 'from subprocess import check_output as out\nout(["git", "log"])\n', ['git']],
    ['imported inside the function', 'def f():\n    from subprocess import run\n    run(["dot"])\n', ['dot']],
    ['in a list that is added to', 'import subprocess\nsubprocess.call(["tesseract"] + options)\n', ['tesseract']],
    [
      'in a variable of the function',
      'import subprocess\ndef f(x):\n    cmd = ["ffmpeg", "-i", x]\n    cmd += ["-"]\n    return subprocess.run(cmd)\n',
      ['ffmpeg'],
    ],
    ['by a constant', 'import subprocess\nGIT = "git"\nsubprocess.run([GIT, "log"])\n', ['git']],
    ['by its path', 'import subprocess\nsubprocess.run(["/usr/bin/gs", "-q"])\n', ['gs']],
    [
      'that is split',
      'import subprocess, shlex\nsubprocess.run("sox a b".split())\nsubprocess.run(shlex.split("flac x"))\n',
      ['sox', 'flac'],
    ],
    [
      'on a line for a shell',
      'import subprocess\nsubprocess.run("cd /tmp && LANG=C gs -q x | grep \'a; b\' ; exit", shell=True)\n',
      ['gs', 'grep'],
    ],
    ['by os.system', 'import os\nos.system("convert a.png b.jpg")\n', ['convert']],
    [
      'on a formatted line',
      'import os\nos.system(f"ffmpeg -i {x}")\nos.popen("sox %s" % x)\nos.system("gs {}".format(x))\n',
      ['ffmpeg', 'sox', 'gs'],
    ],
    ['by getoutput', 'from subprocess import *\ngetoutput("nvidia-smi -L")\n', ['nvidia-smi']],
    ['looked for', 'import shutil\nif shutil.which("git") is None: raise SystemExit\n', ['git']],
    [
      'by asyncio',
      'import asyncio\nasync def f():\n    await asyncio.create_subprocess_exec("ffprobe", "-v")\n',
      ['ffprobe'],
    ],
    [
      'by exec and spawn',
      'import os\nos.execvp("node", ["node"])\nos.spawnlp(os.P_WAIT, "rsync", "rsync")\n',
      ['node', 'rsync'],
    ],
    ['behind sudo', 'import os\nos.system("sudo nmap x")\n', ['nmap']],
    [
      'one of two',
      'import subprocess\nsubprocess.run(["soffice" if a else "libreoffice"])\n',
      ['soffice', 'libreoffice'],
    ],
  ])('%s', async (_name, text, expected) => {
    expect(await namesIn(text)).toEqual(expected.map((name) => `program ${name}`));
  });

  test.each([
    ['of the application itself', 'import subprocess\nsubprocess.run(["./run.sh"])\nsubprocess.run(["bin/tool"])\n'],
    [
      'that are worked out',
      'import subprocess, sys, os\nsubprocess.run([sys.executable])\nsubprocess.run([f"x{y}"])\nos.system(f"{z} -v")\n',
    ],
    ['whose name is cut off', 'import os\nos.system(f"ffm{x} -i")\nos.system("ff" + x)\n'],
    ['of a method of the same name', 'app.run(["ffmpeg"])\nself.system("git log")\n'],
    ['of a shell itself', 'import os\nos.system("cd x; echo y; export Z=1")\n'],
    ['of Windows', 'import os\nos.system("foo.exe -x")\n'],
  ])('not those %s', async (_name, text) => {
    expect(await namesIn(text)).toEqual([]);
  });

  test('each finding names its file, line and function', async () => {
    const [found] = await callsIn({ 'pkg/a.py': 'import subprocess\n\nsubprocess.run(["git"])\n' });
    expect(found).toEqual({
      kind: 'program',
      name: 'git',
      because: { file: 'pkg/a.py', line: 3, rule: '`subprocess.run` executes `git`' },
    });
  });

  test('the same finding stands once a line, in the order of files and lines', async () => {
    const line = 'import os; os.system("a x"); os.system("a y")\nos.system("b x")\n';
    const calls = await callsIn({ 'z.py': line, 'a.py': line });
    expect(calls.map(({ name, because }) => `${because.file}:${because.line} ${name}`)).toEqual([
      'a.py:1 a',
      'a.py:2 b',
      'z.py:1 a',
      'z.py:2 b',
    ]);
  });
});

describe('odd sources', () => {
  test.each([
    ['no Python', 'subprocess.run(["ffmpeg"'],
    ['names bound in circles', 'import os\na = b or b or b or b\nb = a or a or a or a\nos.system(a)\n'],
    [
      'names bound to many others',
      `import os\n${['a', 'b', 'c', 'd', 'e', 'f']
        .map(
          (name, index, all) =>
            `${name} = ${Array(500)
              .fill(all[index + 1] ?? 'g')
              .join(' or ')}\n`,
        )
        .join('')}os.system(a)\n`,
    ],
    [
      'calls without arguments',
      'import os, subprocess, shutil\nos.system()\nsubprocess.run()\nshutil.which()\nos.spawnl(1)\n',
    ],
    ['a line of quotes', `import os\nos.system(${JSON.stringify('"'.repeat(9999))})\n`],
    ['a list of nothing', 'import subprocess\nsubprocess.run([])\nsubprocess.run([*x])\nsubprocess.run(())\n'],
  ])('%s give nothing and break nothing', async (_name, text) => {
    expect(await namesIn(text)).toEqual([]);
  });

  test('any line for a shell gives plain names only', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (line) => {
        const calls = await callsIn({ 'a.py': `import os\nos.system(${JSON.stringify(line)})\n` });
        for (const { name } of calls) expect(name).toMatch(/^[A-Za-z0-9][\w.+-]*$/);
      }),
    );
  });
});
