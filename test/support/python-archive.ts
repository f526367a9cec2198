import { existsSync } from 'node:fs';
import { cp, mkdir, open, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { mustRun, runCommand } from './command.ts';
import { requireComponent } from './components.ts';
import { benchDir, makeTemporaryDir } from './paths.ts';
import { findPython } from './python-base.ts';

/** A CPython of this machine in the shape of a python-build-standalone archive: it runs wherever it is unpacked. */
export interface StandaloneArchive {
  /** Absolute path of a folder with the archive and its `SHA256SUMS`. */
  readonly folder: string;
  readonly filename: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** `3.12.1` */
  readonly fullVersion: string;
}

/** Raised whenever what is made here changes. */
const version = 1;
const epoch = '1700000000';
const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** Made once and kept in `.bench/`. Skips the test where the machine has no such CPython, or on CI fails. */
export async function requirePythonArchive(context: TestContext, python = '3.12'): Promise<StandaloneArchive> {
  await requireComponent(context, 'readelf');
  const folder = join(benchDir, 'archives', `python-${python}-${process.arch}-${version}`);
  if (!existsSync(folder)) await makeOnce(context, folder, python);
  const [line = ''] = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).split('\n');
  const [sha256 = '', filename = ''] = line.split(/\s+/);
  return { folder, filename, sha256, fullVersion: /^cpython-([\d.]+)/.exec(filename)?.[1] ?? '' };
}

async function makeOnce(context: TestContext, folder: string, python: string): Promise<void> {
  const source = await findPython(python);
  if (source === undefined) {
    const note = `needs CPython ${python} of its own folder (pyenv install ${python}, or one on PATH that is not Debian's)`;
    if (process.env['CI'] === 'true') throw new Error(note);
    context.skip(note);
    throw new Error(note);
  }
  const making = `${folder}.${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    await makeArchive(making, source, python);
    await rename(making, folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

async function makeArchive(folder: string, source: string, python: string): Promise<void> {
  const work = await makeTemporaryDir('python-archive');
  const prefix = join(work, 'python');
  try {
    await copyPython(source, prefix, python);
    await makeRelocatable(source, prefix);
    const printed = await mustRun(join(prefix, `bin/python${python}`), ['-I', '-B', '-c', selfTest], { env: {} });
    const filename = `cpython-${printed.trim()}+20240107-${machine}-unknown-linux-gnu-install_only.tar.gz`;
    const order = ['--sort=name', `--mtime=@${epoch}`, '--numeric-owner', '--owner=1000', '--group=1000'];
    await mustRun('tar', ['-I', 'gzip -1n', '-cf', join(folder, filename), ...order, '-C', work, 'python']);
    await writeFile(join(folder, 'SHA256SUMS'), await mustRun('sha256sum', [filename], { cwd: folder }));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** From another folder than it was built for: its own, not the build's. */
const selfTest = [
  'import bz2, ctypes, lzma, sqlite3, ssl, sys, sysconfig, uuid, zlib',
  'assert sys.prefix.endswith("/python"), sys.prefix',
  'print("%d.%d.%d" % sys.version_info[:3])',
].join('\n');

/** With what an archive has beside the interpreter and an image does not want; without what only makes it slow to pack. */
async function copyPython(source: string, prefix: string, python: string): Promise<void> {
  const leftOut = /\/(?:__pycache__|lib\/python3[^/]*\/test\/.*|[^/]*\.o|_tkinter\..*|nis\..*|[^/]*\.a)$/;
  for (const name of [`bin/python${python}`, 'bin/pip3', 'include', 'lib']) {
    await cp(join(source, name), join(prefix, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => {
        const isInstalled = /\/site-packages\/[^/]+$/.test(path) && !/\/pip(?:-[^/]+)?$/.test(path);
        return !leftOut.test(path) && !isInstalled;
      },
    });
  }
  await symlink(`python${python}`, join(prefix, 'bin/python3'));
  await symlink('python3', join(prefix, 'bin/python'));
}

/** Libraries of the C library, which every base has, and one that an archive may leave to the base. */
const ofBase = /^(?:linux-vdso|ld-linux.*|libc|libm|libpthread|libdl|librt|libutil|libresolv|libcrypt)\.so/;

/** Brings the libraries that it is linked to, and lets its files look for them beside themselves. */
async function makeRelocatable(source: string, prefix: string): Promise<void> {
  const native = (await readdir(prefix, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const libraries = new Map<string, string>();
  for (const file of native) {
    if (!(await isElf(file))) continue;
    for (const [, name = '', path = ''] of (await mustRun('ldd', [file])).matchAll(/^\s*(\S+) => (\/\S+)/gm)) {
      if (!ofBase.test(name) && !path.startsWith(source)) libraries.set(name, path);
    }
    await runCommand('strip', ['--strip-unneeded', file]);
    const depth = file.slice(prefix.length).split('/').length - 2;
    await setLibraryPath(file, `${source}/lib`, `$ORIGIN/${'../'.repeat(depth)}lib`);
  }
  for (const [name, path] of libraries) await cp(path, join(prefix, 'lib', name), { dereference: true });
}

async function isElf(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1', 0, bytesRead) === '\u007fELF';
  } finally {
    await handle.close();
  }
}

/**
 * Writes another search path over the one that is there, which is longer, and makes it one that holds for all that the
 * file loads: RPATH in place of RUNPATH (gABI, "Shared Object Dependencies"). Files of 64 bits, little-endian.
 */
async function setLibraryPath(file: string, from: string, to: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.indexOf(`${from}\0`);
  if (at < 0) return;
  if (to.length > from.length) throw new Error(`no room for ${to} in ${basename(file)}`);
  bytes.fill(0, at, at + from.length);
  bytes.write(to, at, 'latin1');
  const table = Number(bytes.readBigUInt64LE(32));
  for (let index = 0; index < bytes.readUInt16LE(56); index++) {
    const segment = table + index * 56;
    if (bytes.readUInt32LE(segment) !== 2) continue;
    const start = Number(bytes.readBigUInt64LE(segment + 8));
    const end = start + Number(bytes.readBigUInt64LE(segment + 32));
    for (let entry = start; entry < end; entry += 16) {
      if (bytes.readBigUInt64LE(entry) === 29n) bytes.writeBigUInt64LE(15n, entry);
    }
  }
  await rm(file);
  await writeFile(file, bytes, { mode: 0o755 });
}

export interface ArchiveServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
}

/** Serves files by path on the loopback until the running test ends. */
export async function serveFiles(files: Readonly<Record<string, string>>): Promise<ArchiveServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push(path);
    const file = files[path];
    if (file === undefined) return void response.writeHead(404).end();
    void readFile(file).then((bytes) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked };
}
