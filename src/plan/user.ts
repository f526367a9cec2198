import { TareError } from '../base/errors.ts';
import type { PlannedUser } from './types.ts';

/** Two numbers are no user: (uid_t) -1 means "leave it", and 65535 is what some file systems make of it. */
const mostIds = 2 ** 32 - 2;

/**
 * `65532:65532`, `1000`, `root` as a user of the image; the group is the user's number where none is given. `accounts`: the
 * passwd(5) of a base image, whose users keep their names and homes.
 */
export function planUser(text: string, accounts = ''): PlannedUser {
  const match = /^(?:(root)|(\d{1,10})(?::(\d{1,10}))?)$/.exec(text);
  const uid = match?.[1] === 'root' ? 0 : Number(match?.[2]);
  const gid = match?.[3] === undefined ? uid : Number(match[3]);
  if (match === null || uid > mostIds || gid > mostIds) {
    throw new TareError({
      code: 'USER_INVALID',
      message: `\`${text.slice(0, 100)}\` is not a user of the image`,
      expected: `\`UID\`, \`UID:GID\` (0 to ${mostIds}) or \`root\``,
      hint: 'leave `user` out for the unprivileged user 65532',
    });
  }
  if (uid === 0) return { name: 'root', uid, gid, home: '/root', because: { rule: 'configured' } };
  if (uid === 65532) {
    const because = { rule: 'an unprivileged user that no host uses' };
    return { name: 'nonroot', uid, gid, home: '/home/nonroot', because };
  }
  const known = accountOf(accounts, uid);
  const name = known?.name ?? `user${uid}`;
  return { name, uid, gid, home: known?.home ?? `/home/${name}`, because: { rule: 'configured' } };
}

/** The line of a number; a home only where one may write below it. */
function accountOf(accounts: string, uid: number): { readonly name: string; readonly home?: string } | undefined {
  for (const line of accounts.split('\n')) {
    const [name = '', , number, , , home = ''] = line.split(':');
    if (number !== String(uid) || !/^[a-z_][a-z0-9_-]{0,31}$/i.test(name)) continue;
    return /^\/home\/[^/\0\s]+$/.test(home) ? { name, home } : { name };
  }
  return undefined;
}
