import { readTextIfThere } from '../base/atomic-file.ts';
import type { RootlessMappings } from './runtime-spec.ts';
import type { UserIds } from './user.ts';

interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** The first range of a user in `/etc/subuid` or `/etc/subgid` that is as long as `least` (subuid(5)). */
export function parseSubordinateIds(text: string, owner: string, uid: number, least: number): IdRange | undefined {
  for (const line of text.split('\n')) {
    const match = /^([^:#]+):(\d{1,10}):(\d{1,10})$/.exec(line.trim());
    if (match === null || (match[1] !== owner && match[1] !== String(uid))) continue;
    const range = { start: Number(match[2]), count: Number(match[3]) };
    if (range.count >= least) return range;
  }
  return undefined;
}

/**
 * Users for a container without root: the caller is the image's user, so that what the caller unpacked belongs to it,
 * and the numbers before it, root among them, are subordinate ones. Undefined where there are too few.
 */
export async function rootlessMappings(
  owner: string,
  ids: UserIds,
  user: UserIds,
): Promise<RootlessMappings | undefined> {
  const uids = await mappings('/etc/subuid', owner, ids, ids.uid, user.uid);
  const gids = await mappings('/etc/subgid', owner, ids, ids.gid, user.gid);
  return uids === undefined || gids === undefined ? undefined : { uids, gids };
}

async function mappings(file: string, owner: string, ids: UserIds, outer: number, inner: number) {
  const own = { containerID: inner, hostID: outer, size: 1 };
  if (inner === 0) return [own];
  const range = parseSubordinateIds((await readTextIfThere(file)) ?? '', owner, ids.uid, inner);
  return range === undefined ? undefined : [{ containerID: 0, hostID: range.start, size: inner }, own];
}
