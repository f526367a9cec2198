import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { TestContext } from 'vitest';
import { readAptSources } from '../../src/debian/apt-sources.ts';
import { mustRun, runCommand } from './command.ts';
import { requireComponent } from './components.ts';
import { benchDir, makeTemporaryDir } from './paths.ts';

export interface PythonBase {
  /** An OCI layout with one image, for this machine's architecture. */
  readonly layout: string;
  /** The same root unpacked, by tar alone: to ask dpkg, ldconfig and Python in it. Not to be changed. */
  readonly root: string;
  /** `3.12` */
  readonly python: string;
  readonly suite: Suite;
}

type Suite = keyof typeof libraries;

/** Debian packages beside those that CPython needs, and what such an image is called. */
export interface MorePackages {
  readonly name: string;
  readonly packages: readonly string[];
}

/** What CPython links, by the names of each suite. */
const libraries = {
  bookworm: ['libffi8', 'libreadline8', 'libssl3'],
  trixie: ['libffi8', 'libreadline8t64', 'libssl3t64'],
} as const;
const everywhere = ['ca-certificates', 'libbz2-1.0', 'liblzma5', 'libncursesw6', 'libsqlite3-0', 'libuuid1', 'netbase'];
const packages = (suite: Suite) => [...everywhere, 'tzdata', 'zlib1g', ...libraries[suite]];

/** Raised whenever what is made here changes. */
const version = 1;
const epoch = '1700000000';

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
  const dir = join(benchDir, 'bases', `python-${python}-${suite}${name}-${process.arch}-${version}`);
  const base = { layout: join(dir, 'layout'), root: join(dir, 'root'), python, suite };
  if (existsSync(dir)) return base;
  const source = await findPython(python);
  if (source === undefined) {
    const note = `needs CPython ${python} of its own folder (pyenv install ${python}, or one on PATH that is not Debian's)`;
    if (process.env['CI'] === 'true') throw new Error(note);
    context.skip(note);
    throw new Error(note);
  }
  const making = `${dir}.${process.pid}`;
  await rm(making, { recursive: true, force: true });
  try {
    await makeBase(making, source, base, more.packages);
    await rename(making, dir);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return base;
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

async function makeBase(dir: string, source: string, base: PythonBase, more: readonly string[]): Promise<void> {
  const root = join(dir, 'root');
  const local = await makeTemporaryDir('python-base');
  try {
    await mkdir(dir, { recursive: true });
    await makeDebian(root, base.suite, more);
    const layers = [await packLayer(dir, root, ['.'], 'debootstrap')];
    await copyPython(source, join(local, 'usr/local'), base.python);
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
    await writeLayout(join(dir, 'layout'), layers, printed.trim());
  } finally {
    await rm(local, { recursive: true, force: true });
  }
}

const selfTest =
  'import bz2, ctypes, lzma, readline, sqlite3, ssl, sys, uuid, zlib; print("%d.%d.%d" % sys.version_info[:3])';

/** The root of a small Debian whose apt asks this machine's mirror, as Docker's image has it: no lists, no documentation. */
async function makeDebian(root: string, suite: Suite, more: readonly string[]): Promise<void> {
  const { mirror } = await readAptSources('/etc/apt');
  if (mirror === undefined) throw new Error('this machine has no Debian mirror');
  const include = `--include=${[...packages(suite), ...more].join(',')}`;
  await mustRun('mmdebstrap', ['--quiet', '--variant=minbase', '--mode=root', include, suite, root, mirror], {
    env: { ...process.env, SOURCE_DATE_EPOCH: epoch },
  });
  for (const folder of [
    'var/lib/apt/lists',
    'var/cache/apt',
    'usr/share/doc',
    'usr/share/man',
    'usr/share/locale',
    'dev',
  ]) {
    await rm(join(root, folder), { recursive: true, force: true });
    await mkdir(join(root, folder));
  }
  await rm(join(root, 'etc/apt/sources.list'), { force: true });
  await writeFile(
    join(root, 'etc/apt/sources.list.d/debian.sources'),
    [
      'Types: deb',
      `URIs: ${mirror}`,
      `Suites: ${suite} ${suite}-updates`,
      'Components: main',
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
      '',
    ].join('\n'),
  );
}

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

interface PackedLayer {
  readonly file: string;
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
  readonly createdBy: string;
}

/** A layer made by tar(1) and zlib, which know nothing of ours. */
async function packLayer(
  dir: string,
  folder: string,
  names: readonly string[],
  createdBy: string,
): Promise<PackedLayer> {
  const tar = join(dir, 'layer.tar');
  const file = join(dir, `${createdBy.replace(' ', '-')}.tar.gz`);
  const order = ['--sort=name', `--mtime=@${epoch}`, '--numeric-owner', '--owner=0', '--group=0'];
  // Owners matter where Debian gave them.
  const owners = names[0] === '.' ? order.slice(0, 3) : order;
  await mustRun('tar', ['--create', `--file=${tar}`, ...owners, '-C', folder, ...names]);
  const diffId = await sha256Of(tar);
  await pipeline(createReadStream(tar), createGzip({ level: 6 }), createWriteStream(file));
  await rm(tar);
  return { file, digest: await sha256Of(file), size: (await stat(file)).size, diffId, createdBy };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** By Docker's media types in an OCI layout, as skopeo copies an image of Docker's. */
async function writeLayout(layout: string, layers: readonly PackedLayer[], python: string): Promise<void> {
  const blobs = join(layout, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const put = async (value: unknown, mediaType: string) => {
    const bytes = Buffer.from(JSON.stringify(value));
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  for (const layer of layers) await rename(layer.file, join(blobs, layer.digest.slice('sha256:'.length)));
  const platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
  const created = new Date(Number(epoch) * 1000).toISOString();
  const config = await put(
    {
      created,
      ...platform,
      config: {
        Env: [
          'PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
          'LANG=C.UTF-8',
          `PYTHON_VERSION=${python}`,
        ],
        Cmd: ['python3'],
      },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
      history: [
        ...layers.map(({ createdBy }) => ({ created, created_by: createdBy })),
        { created, created_by: 'CMD ["python3"]', empty_layer: true },
      ],
    },
    'application/vnd.docker.container.image.v1+json',
  );
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const listed = layers.map(({ digest, size }) => ({
    mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    digest,
    size,
  }));
  const manifest = await put({ schemaVersion: 2, mediaType, config, layers: listed }, mediaType);
  const index = { schemaVersion: 2, manifests: [{ ...manifest, platform }] };
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  for (const name of await readdir(blobs))
    if ((await lstat(join(blobs, name))).isFile()) await chmod(join(blobs, name), 0o444);
}
