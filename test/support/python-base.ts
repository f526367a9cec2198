import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, open, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestContext } from 'vitest';
import { mustRun, runCommand } from './command.ts';
import { requireComponent } from './components.ts';
import { makeDebian, type Suite } from './docker-debian.ts';
import { packLayer, writeLayout } from './docker-layout.ts';
import { benchDir, makeTemporaryDir } from './paths.ts';

export interface PythonBase {
  /** An OCI layout with one image. */
  readonly layout: string;
  /** The same root unpacked, by tar alone: to ask dpkg, ldconfig and Python in it. Not to be changed. */
  readonly root: string;
  /** `3.12` */
  readonly python: string;
  readonly suite: Suite;
}

/** Debian packages beside those that CPython needs, and what such an image is called. */
export interface MorePackages {
  readonly name: string;
  readonly packages: readonly string[];
}

/** Where the parts of such an image come from. */
export interface BaseRecipe {
  /** As OCI names it. */
  readonly architecture: string;
  /** A Debian in the folder `root`, which is not there. */
  readonly makeDebian: (root: string) => Promise<void>;
  /** A Python in `prefix`, which becomes `/usr/local`. */
  readonly copyPython: (prefix: string) => Promise<void>;
}

/** Raised whenever what is made here changes. */
const version = 2;

/**
 * An image in the shape of Docker's official `python:MINOR-slim`, made once and kept in `.bench/`: Debian with apt and dpkg
 * from this machine's mirror, CPython below `/usr/local`. Skips the test where the machine has no such CPython, or on CI fails.
 */
export async function requirePythonBase(
  context: TestContext,
  python = '3.12',
  suite: Suite = 'bookworm',
  more: MorePackages = { name: '', packages: [] },
): Promise<PythonBase> {
  await requireComponent(context, 'root', 'mmdebstrap');
  const name = more.name === '' ? '' : `-${more.name}`;
  const dir = baseDir(`python-${python}-${suite}${name}-${process.arch}`);
  const base = { layout: join(dir, 'layout'), root: join(dir, 'root'), python, suite };
  if (existsSync(dir)) return base;
  const source = await requirePython(context, python);
  await keepBase(dir, (making) =>
    makeBase(making, base, {
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      makeDebian: (root) => makeDebian(root, suite, more.packages),
      copyPython: (prefix) => copyPython(source, prefix, python),
    }),
  );
  return base;
}

/** Where a base of that name is kept. */
export function baseDir(name: string): string {
  return join(benchDir, 'bases', `${name}-${version}`);
}

/** Makes what `dir` holds; it appears there when it is complete. */
export async function keepBase(dir: string, make: (making: string) => Promise<void>): Promise<void> {
  const making = `${dir}.${process.pid}`;
  await rm(making, { recursive: true, force: true });
  try {
    await make(making);
    await rename(making, dir);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** `findPython`, or else the test is skipped, and fails on CI. */
export async function requirePython(context: TestContext, minor: string): Promise<string> {
  const source = await findPython(minor);
  if (source !== undefined) return source;
  const note = `needs CPython ${minor} of its own folder (pyenv install ${minor}, or one on PATH that is not Debian's)`;
  if (process.env['CI'] === 'true') throw new Error(note);
  context.skip(note);
  throw new Error(note);
}

/** The folder of a CPython that can be copied elsewhere: pyenv's, else that of `pythonX.Y` on PATH. */
export async function findPython(minor: string): Promise<string | undefined> {
  const versions = join(homedir(), '.pyenv/versions');
  const names = existsSync(versions) ? await readdir(versions) : [];
  const patch = (name: string) => Number(name.slice(minor.length + 1));
  const [newest] = names.filter((name) => name.startsWith(`${minor}.`)).sort((a, b) => patch(b) - patch(a));
  if (newest !== undefined) return join(versions, newest);
  try {
    const result = await runCommand(`python${minor}`, ['-c', 'import sys; print(sys.base_prefix)']);
    const prefix = result.stdout.trim();
    // Debian's own is spread over the system.
    return result.code === 0 && prefix !== '/usr' ? prefix : undefined;
  } catch {
    return undefined;
  }
}

/** Makes layout and root of `base` in the new folder `dir`; the Python is started in it once. */
export async function makeBase(dir: string, base: PythonBase, recipe: BaseRecipe): Promise<void> {
  const root = join(dir, 'root');
  const local = await makeTemporaryDir('python-base');
  try {
    await mkdir(dir, { recursive: true });
    await recipe.makeDebian(root);
    const layers = [await packLayer(dir, root, ['.'], 'debootstrap')];
    await recipe.copyPython(join(local, 'usr/local'));
    await mustRun('cp', ['-a', `${local}/usr`, root]);
    await mustRun('/usr/sbin/chroot', [root, '/sbin/ldconfig']);
    await rm(join(root, 'var/cache/ldconfig/aux-cache'), { force: true });
    await mkdir(join(local, 'etc'));
    await cp(join(root, 'etc/ld.so.cache'), join(local, 'etc/ld.so.cache'));
    const printed = await mustRun('/usr/sbin/chroot', [
      root,
      `/usr/local/bin/python${base.python}`,
      '-B',
      '-c',
      selfTest,
    ]);
    layers.push(await packLayer(dir, local, ['etc', 'usr'], 'make install'));
    await rm(join(local, 'usr'), { recursive: true });
    await rm(join(local, 'etc'), { recursive: true });
    await mkdir(join(local, 'usr/local/bin'), { recursive: true });
    for (const [name, target] of [
      ['python', 'python3'],
      ['python3', `python${base.python}`],
      ['pip', 'pip3'],
    ] as const) {
      await symlink(target, join(local, 'usr/local/bin', name));
    }
    await mustRun('cp', ['-a', `${local}/usr`, root]);
    layers.push(await packLayer(dir, local, ['usr'], 'links'));
    const { architecture } = recipe;
    await writeLayout(join(dir, 'layout'), layers, { python: printed.trim(), architecture });
  } finally {
    await rm(local, { recursive: true, force: true });
  }
}

const selfTest =
  'import bz2, ctypes, lzma, readline, sqlite3, ssl, sys, uuid, zlib; print("%d.%d.%d" % sys.version_info[:3])';

/** What `make install` leaves, without what nobody runs; stripped, and without the folder that it was built for. */
async function copyPython(source: string, prefix: string, minor: string): Promise<void> {
  const leftOut = /^(?:test|tests|__pycache__|idlelib|tkinter|turtledemo|lib2to3|config-.*)$|\.a$|\.pth$/;
  await mkdir(join(prefix, 'bin'), { recursive: true });
  for (const name of [`bin/python${minor}`, 'bin/pip3', 'include', 'lib'])
    await cp(join(source, name), join(prefix, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => {
        const isInstalled = /\/site-packages\/[^/]+$/.test(path) && !/\/pip(?:-[^/]+)?$/.test(path);
        return !leftOut.test(basename(path)) && !isInstalled;
      },
    });
  for (const entry of await readdir(prefix, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const start = entry.isFile() ? await readStart(path) : '';
    // Files of the source may be read-only.
    if (start.startsWith('\u007fELF')) await runCommand('strip', ['--strip-unneeded', path]);
    else if (start.startsWith(`#!${source}/`)) {
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll(source, '/usr/local'));
    }
  }
  await chmod(prefix, 0o755);
}

async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}
