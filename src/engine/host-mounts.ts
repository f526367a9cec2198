import { realpath, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { ensureFile, ensureFolder, resolveInRoot } from './rootfs.ts';
import type { RunRequest, VolumeMount } from './run-request.ts';

/** A file or folder of the host that appears in the container, with both paths as the host sees them. */
export interface HostMount {
  readonly source: string;
  /** Absolute path on the host, inside the unpacked root. */
  readonly place: string;
  /** Absolute path in the container, without links. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** The devices that every container has (OCI runtime specification, Linux, default devices). */
export const defaultDevices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'] as const;

const deviceLinks = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
} as const;

/** Throws `VOLUME_MISSING` where a volume's source is not there. */
export async function assertVolumes(volumes: readonly VolumeMount[]): Promise<void> {
  for (const volume of volumes) {
    if ((await kindOf(volume.source)) !== undefined) continue;
    throw new TareError({
      code: 'VOLUME_MISSING',
      message: `\`${volume.source}\`, which is to be mounted at \`${volume.target}\`, does not exist`,
      hint: `mkdir -p '${volume.source}'`,
    });
  }
}

/** The name service of the host and the volumes of the request, with their places made in the unpacked root. */
export async function prepareMounts(root: string, request: RunRequest): Promise<readonly HostMount[]> {
  const names = request.network === 'none' ? [] : ['/etc/resolv.conf', '/etc/hosts'];
  const wanted: VolumeMount[] = names.map((path) => ({
    source: path,
    target: path,
    readOnly: true,
  }));
  const mounts: HostMount[] = [];
  for (const { source, target, readOnly } of [...wanted, ...request.volumes]) {
    const kind = await kindOf(source);
    if (kind === undefined) continue;
    const place = kind === 'folder' ? await ensureFolder(root, target) : await ensureFile(root, target);
    mounts.push({ source: await realpath(source), place, target: place.slice(root.length), readOnly });
  }
  return mounts;
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Makes `/dev` ready for the host's devices to be mounted on. */
export async function prepareDevices(root: string): Promise<void> {
  for (const folder of ['/dev/pts', '/dev/shm', '/proc', '/sys']) await ensureFolder(root, folder);
  for (const device of defaultDevices) await ensureFile(root, `/dev/${device}`);
  for (const [name, target] of Object.entries(deviceLinks)) {
    try {
      await symlink(target, join(await resolveInRoot(root, '/dev'), name));
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
  }
}
