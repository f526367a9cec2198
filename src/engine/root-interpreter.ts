import { dirname, join } from 'node:path';
import { TareError } from '../base/errors.ts';
import { multiarchName } from '../debian/root-layout.ts';
import type { DebianArchitecture } from '../plan/target.ts';
import { isExecutable } from './program.ts';
import { resolveInRoot } from './rootfs.ts';

/** A CPython in an unpacked root filesystem. */
export interface RootInterpreterRequest {
  /** Absolute path of the unpacked root. */
  readonly root: string;
  /** Debian's name of the architecture. */
  readonly architecture: DebianArchitecture;
  /** Absolute in the root: `/usr/bin/python3.13`. */
  readonly interpreter: string;
  /** Folders that the root's loader searches, absolute or not. @default Debian's own */
  readonly loaderFolders?: readonly string[];
}

/** What starts it on this machine, whatever C library that has itself. All paths are of this machine. */
export interface RootInterpreter {
  readonly loader: string;
  readonly python: string;
  /** For the loader's `--library-path`. */
  readonly libraries: string;
  /** For `PYTHONHOME`. */
  readonly home: string;
}

/** Where glibc has its loader, by the ABI of each architecture. */
const loaders = {
  amd64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
  armhf: '/lib/ld-linux-armhf.so.3',
  i386: '/lib/ld-linux.so.2',
  ppc64el: '/lib64/ld64.so.2',
  riscv64: '/lib/ld-linux-riscv64-lp64d.so.1',
  s390x: '/lib/ld64.so.1',
} as const satisfies Record<DebianArchitecture, string>;

/** Finds the interpreter and the root's own loader for it. Throws `INTERPRETER_MISSING`. */
export async function findRootInterpreter(request: RootInterpreterRequest): Promise<RootInterpreter> {
  const { root, architecture, interpreter } = request;
  const loader = loaders[architecture];
  const triplet = multiarchName(architecture);
  const folders = request.loaderFolders ?? [`/usr/lib/${triplet}`, `/lib/${triplet}`];
  const [loaderFile, python, ...libraries] = await Promise.all(
    [loader, interpreter, ...folders].map((path) => resolveInRoot(root, path)),
  );
  for (const file of [loaderFile ?? '', python ?? '']) {
    if (await isExecutable(file)) continue;
    throw new TareError({
      code: 'INTERPRETER_MISSING',
      message: `the base has no \`${file.slice(root.length)}\` that can be executed`,
      hint: 'use a base with a whole Python and C library',
    });
  }
  return {
    loader: loaderFile ?? '',
    python: python ?? '',
    libraries: [...new Set(libraries)].join(':'),
    home: join(root, dirname(dirname(interpreter))),
  };
}
