import { chmod, rm, symlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { writeFileAtomically } from '../base/atomic-file.ts';
import { makeFolder } from '../base/make-folder.ts';
import type { DebianArchitecture } from '../plan/target.ts';
import { findRootInterpreter } from './root-interpreter.ts';
import { resolveInRoot } from './rootfs.ts';
import { quoteForShell } from './shell.ts';

export interface ComposedInterpreterRequest {
  /** Absolute path of the unpacked root. */
  readonly root: string;
  /** Debian's name of the architecture. */
  readonly architecture: DebianArchitecture;
  /** `3.13`. */
  readonly pythonVersion: string;
  /** Absolute path of a folder for the launcher; it may not exist yet. */
  readonly folder: string;
}

/**
 * Makes a program that starts the CPython of an unpacked root on this machine, whatever C library it has itself, through
 * the root's own loader; gives its absolute path. It finds its standard library by a link beside itself, as uv
 * questions interpreters with `-I`, which does not look at `PYTHONHOME`.
 */
export async function composedInterpreter(request: ComposedInterpreterRequest): Promise<string> {
  const { root, folder, pythonVersion } = request;
  if (!isAbsolute(root) || !isAbsolute(folder)) throw new Error('the root and the folder must be absolute paths');
  const found = await findRootInterpreter({ ...request, interpreter: `/usr/bin/python${pythonVersion}` });
  const launcher = join(folder, 'bin', `python${pythonVersion}`);
  const library = join(folder, 'lib', `python${pythonVersion}`);
  await makeFolder(join(folder, 'lib'));
  await rm(library, { force: true });
  await symlink(await resolveInRoot(root, `/usr/lib/python${pythonVersion}`), library);
  await writeFileAtomically(launcher, renderLauncher({ ...found, launcher }), 0o755);
  await chmod(launcher, 0o755);
  return launcher;
}

function renderLauncher(paths: Readonly<Record<'loader' | 'python' | 'launcher' | 'libraries', string>>): string {
  const command = [paths.loader, '--argv0', paths.launcher, '--library-path', paths.libraries, paths.python];
  // `-u` of LD_*: what the caller preloads is made for the machine's C library, not for this one.
  return `#!/bin/sh\nunset LD_PRELOAD LD_LIBRARY_PATH PYTHONHOME\nexec ${command.map(quoteForShell).join(' ')} "$@"\n`;
}
