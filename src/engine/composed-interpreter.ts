import { chmod, mkdir, rm, symlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { writeFileAtomically } from '../base/atomic-file.ts';
import { TareError } from '../base/errors.ts';
import { isExecutable } from './program.ts';
import { resolveInRoot } from './rootfs.ts';
import { quoteForShell } from './shell.ts';

export interface ComposedInterpreterRequest {
  /** Absolute path of the unpacked root. */
  readonly root: string;
  /** Debian's name of the architecture. */
  readonly architecture: 'amd64' | 'arm64';
  /** `3.13`. */
  readonly pythonVersion: string;
  /** Absolute path of a folder for the launcher; it may not exist yet. */
  readonly folder: string;
}

const triplets = {
  amd64: { folder: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { folder: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
} as const;

/**
 * Makes a program that starts the CPython of an unpacked root on this machine, whatever C library it has itself, through
 * the root's own loader; gives its absolute path. It finds its standard library by a link beside itself, as uv
 * questions interpreters with `-I`, which does not look at `PYTHONHOME`.
 */
export async function composedInterpreter(request: ComposedInterpreterRequest): Promise<string> {
  const { root, folder, pythonVersion } = request;
  if (!isAbsolute(root) || !isAbsolute(folder)) throw new Error('the root and the folder must be absolute paths');
  const triplet = triplets[request.architecture];
  const loader = await resolveInRoot(root, `/usr/lib/${triplet.folder}/${triplet.loader}`);
  const python = await resolveInRoot(root, `/usr/bin/python${pythonVersion}`);
  for (const file of [loader, python]) {
    if (await isExecutable(file)) continue;
    throw new TareError({
      code: 'INTERPRETER_MISSING',
      message: `the composed base has no \`${file.slice(root.length)}\` that can be executed`,
      hint: 'install any Python from 3.8 on for this user, so that uv has one to question',
    });
  }
  const launcher = join(folder, 'bin', `python${pythonVersion}`);
  const library = join(folder, 'lib', `python${pythonVersion}`);
  await mkdir(join(folder, 'lib'), { recursive: true });
  await rm(library, { force: true });
  await symlink(await resolveInRoot(root, `/usr/lib/python${pythonVersion}`), library);
  await writeFileAtomically(
    launcher,
    renderLauncher({ loader, python, launcher, libraries: libraryFolders(root, triplet.folder) }),
    0o755,
  );
  await chmod(launcher, 0o755);
  return launcher;
}

function libraryFolders(root: string, triplet: string): string {
  return [join(root, 'usr/lib', triplet), join(root, 'lib', triplet)].join(':');
}

function renderLauncher(paths: Readonly<Record<'loader' | 'python' | 'launcher' | 'libraries', string>>): string {
  const command = [paths.loader, '--argv0', paths.launcher, '--library-path', paths.libraries, paths.python];
  // `-u` of LD_*: what the caller preloads is made for the machine's C library, not for this one.
  return `#!/bin/sh\nunset LD_PRELOAD LD_LIBRARY_PATH PYTHONHOME\nexec ${command.map(quoteForShell).join(' ')} "$@"\n`;
}
