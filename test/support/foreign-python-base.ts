import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TestContext } from 'vitest';
import { mustRun } from './command.ts';
import { requireComponent } from './components.ts';
import { finishAsDocker, packagesFor, readMirror, type Suite } from './docker-debian.ts';
import { epoch } from './docker-layout.ts';
import { makeTemporaryDir } from './paths.ts';
import { baseDir, keepBase, makeBase, type PythonBase, requirePython } from './python-base.ts';

const architecture = 'arm64';

/**
 * `requirePythonBase`'s image for arm64, on a machine of another kind with an emulator: the same Debian packages, and Debian's own CPython
 * moved to `/usr/local` and laid out as others are. Made once, in some minutes; only the scripts of packages run under the emulator.
 */
export async function requireForeignPythonBase(
  context: TestContext,
  python = '3.13',
  suite: Suite = 'trixie',
): Promise<PythonBase> {
  await requireComponent(context, 'root', 'mmdebstrap', 'qemu-aarch64');
  const dir = baseDir(`python-${python}-${suite}-${architecture}-emulated`);
  const base = { layout: join(dir, 'layout'), root: join(dir, 'root'), python, suite };
  if (existsSync(dir)) return base;
  const source = await requirePython(context, python);
  const scratch = await makeTemporaryDir('foreign-base');
  try {
    const mirror = await readMirror();
    const debs = await fetchPackages(scratch, mirror, base);
    const recipe = {
      architecture,
      makeDebian: async (root: string) => {
        await installPackages(root, debs.others);
        await finishAsDocker(root, suite, mirror, true);
      },
      copyPython: (prefix: string) => composePython(prefix, source, debs.python, python),
    };
    await keepBase(dir, (making) => makeBase(making, base, recipe));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return base;
}

interface ForeignPackages {
  /** Paths of `.deb`s. */
  readonly others: readonly string[];
  /** A folder with what the packages of Python hold. */
  readonly python: string;
}

/** apt of this machine chooses and fetches; the root that mmdebstrap makes of them is not what is wanted. */
async function fetchPackages(scratch: string, mirror: string, base: PythonBase): Promise<ForeignPackages> {
  const { suite, python } = base;
  const fetched = join(scratch, 'debs');
  await mkdir(fetched);
  const names = ['apt', ...packagesFor(suite), `python${python}`].join(',');
  const include = ['?essential', '?priority(required)', names].map((one) => `--include=${one}`);
  const hook = `--extract-hook=cp "$1"/var/cache/apt/archives/*.deb '${fetched}'`;
  const how = ['--quiet', '--variant=extract', '--mode=root', `--architectures=${architecture}`, '--skip=check/qemu'];
  await mustRun('mmdebstrap', [...how, hook, ...include, suite, join(scratch, 'unused'), mirror], {
    env: { ...process.env, SOURCE_DATE_EPOCH: epoch },
  });
  // Python, and what only Debian's needs.
  const isPython = (path: string) => /^(?:lib)?python3|^libexpat1_|^media-types_/.test(basename(path));
  const paths = (await readdir(fetched)).sort().map((name) => join(fetched, name));
  const into = join(scratch, 'python');
  for (const path of paths.filter(isPython)) await mustRun('dpkg-deb', ['--extract', path, into]);
  return { others: paths.filter((path) => !isPython(path)), python: into };
}

/** Files by this machine's dpkg, which is fast; then what remains by the Debian itself. */
async function installPackages(root: string, debs: readonly string[]): Promise<void> {
  await mkdir(join(root, 'var/lib/dpkg'), { recursive: true });
  for (const name of ['status', 'available']) await writeFile(join(root, 'var/lib/dpkg', name), '');
  // A root must be there for scripts that run before unpacking; the links of its top are base-files'.
  const first = debs.filter((path) => basename(path).startsWith('base-files_'));
  const extract =
    'for deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$0" --keep-directory-symlink || exit 1; done';
  await mustRun('sh', ['-c', extract, root, ...first, ...debs]);
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
    DEBCONF_NONINTERACTIVE_SEEN: 'true',
    SOURCE_DATE_EPOCH: epoch,
  };
  const force = ['--force-confnew', '--force-unsafe-io'];
  const foreign = ['--force-architecture', '--force-depends', `--root=${root}`];
  await mustRun('dpkg', [...force, ...foreign, '--unpack', ...debs], { env });
  await mustRun('/usr/sbin/chroot', [root, 'dpkg', ...force, '--configure', '-a'], { env });
}

/** Debian's CPython and standard library, without its folders of its own (`dist-packages`); pip, which is Python alone, from `source`. */
async function composePython(prefix: string, source: string, debian: string, minor: string): Promise<void> {
  const lib = `lib/python${minor}`;
  const leftOut = /^(?:__pycache__|sitecustomize\.py|EXTERNALLY-MANAGED|_distutils_system_mod\.py)$/;
  await cp(join(debian, 'usr', lib), join(prefix, lib), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !leftOut.test(basename(path)),
  });
  await mkdir(join(prefix, 'bin'));
  // `site` is frozen into the program.
  await replaceFolder(join(debian, `usr/bin/python${minor}`), join(prefix, `bin/python${minor}`), 0o755);
  await replaceFolder(join(debian, 'usr', lib, 'site.py'), join(prefix, lib, 'site.py'), 0o644);
  await mustRun('sh', ['-c', 'cp -a "$0"/usr/lib/*-linux-gnu/libexpat.so.* "$1"', debian, join(prefix, 'lib')]);
  const pips = (await readdir(join(source, lib, 'site-packages'))).filter((name) => /^pip(?:-|$)/.test(name));
  const taken = ['sysconfig/__init__.py', 'ensurepip', ...pips.map((name) => `site-packages/${name}`)];
  for (const name of taken)
    await cp(join(source, lib, name), join(prefix, lib, name), {
      recursive: true,
      filter: (path) => basename(path) !== '__pycache__',
    });
  const script = (await readFile(join(source, 'bin/pip3'), 'utf8')).replaceAll(source, '/usr/local');
  await writeFile(join(prefix, 'bin/pip3'), script, { mode: 0o755 });
  await writeVersion(prefix, debian, minor);
  await compile(prefix, source, minor);
}

/** Docker's images have no bytecode; an emulator would take half a minute for what pip imports, at each start. */
async function compile(prefix: string, source: string, minor: string): Promise<void> {
  const lib = join(prefix, `lib/python${minor}`);
  // The times that the layer will have.
  await mustRun('find', [lib, '-name', '*.py', '-type', 'f', '-exec', 'touch', '-d', `@${epoch}`, '{}', '+']);
  const how = ['-IB', '-m', 'compileall', '-q', '-j', '0', '--invalidation-mode', 'timestamp'];
  await mustRun(join(source, `bin/python${minor}`), [...how, '-s', prefix, '-p', '/usr/local', lib]);
}

/** Copies a file with the usual name of the folder for packages in place of Debian's, which is as long. */
async function replaceFolder(from: string, to: string, mode: number): Promise<void> {
  const text = (await readFile(from, 'latin1')).replaceAll('dist-packages', 'site-packages');
  await writeFile(to, text, { encoding: 'latin1', mode });
}

/** What says where this Python is, and which. */
async function writeVersion(prefix: string, debian: string, minor: string): Promise<void> {
  const lib = join(prefix, `lib/python${minor}`);
  for (const name of (await readdir(lib)).filter((one) => /^_sysconfigdata__linux_.*\.py$/.test(one))) {
    const text = await readFile(join(lib, name), 'utf8');
    await writeFile(join(lib, name), text.replaceAll(/'((?:exec_)?prefix)': '\/usr'/g, "'$1': '/usr/local'"));
  }
  const program = await readFile(join(debian, `usr/bin/python${minor}`), 'latin1');
  const patch = new RegExp(`\\x00${minor.replace('.', '\\.')}\\.(\\d+)\\x00`).exec(program)?.[1];
  if (patch === undefined) throw new Error(`Debian's python${minor} does not say which it is`);
  const [major, micro] = minor.split('.');
  const header = join(prefix, `include/python${minor}/patchlevel.h`);
  await mkdir(dirname(header), { recursive: true });
  const lines = [
    `PY_MAJOR_VERSION ${major}`,
    `PY_MINOR_VERSION ${micro}`,
    `PY_MICRO_VERSION ${patch}`,
    `PY_VERSION "${minor}.${patch}"`,
  ];
  await writeFile(header, lines.map((line) => `#define ${line}\n`).join(''));
}
