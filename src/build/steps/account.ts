import type { LayerEntry } from '../../archive/layer-entry.ts';
import { directoryEntry, fileEntry } from '../entries.ts';
import type { EnvironmentInputs } from './environment-layer.ts';

/** The image's user on a base image that does not know it: its home, and its lines in passwd(5) and group(5). */
export function accountEntries({ inputs, user, mtime }: EnvironmentInputs): readonly LayerEntry[] {
  const { baseImage } = inputs;
  if (baseImage === undefined || user.uid === 0) return [];
  const { uid, gid, name, home } = user;
  const line = `${name}:x:${uid}:${gid}:${name}:${home}:/usr/sbin/nologin`;
  const owner = { uid, gid };
  return [
    ...(baseImage.tree.resolve(home) === undefined ? [directoryEntry(home.slice(1), mtime, owner)] : []),
    ...withLine(baseImage.text('etc/passwd'), 'etc/passwd', line, uid, mtime),
    ...withLine(baseImage.text('etc/group'), 'etc/group', `${name}:x:${gid}:`, gid, mtime),
  ];
}

/** Nothing where the base has no such file, or has the number in it already. */
function withLine(text: string | undefined, path: string, line: string, id: number, mtime: number): LayerEntry[] {
  if (text === undefined || text.split('\n').some((one) => one.split(':')[2] === String(id))) return [];
  return [fileEntry(path, `${text.replace(/\n*$/, '\n')}${line}\n`, 0o644, mtime)];
}
