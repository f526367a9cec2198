import type { FileFacts } from '../root/file-facts.ts';

/** Who the processes of an image run as. */
export interface ImageUser {
  /** As the configuration has it, without the group. */
  readonly text: string;
  /** Undefined where a name stands in no `etc/passwd`: no engine starts it then. */
  readonly uid: number | undefined;
  readonly gid: number;
  /** Whether `etc/passwd` knows it. */
  readonly isKnown: boolean;
  /** Absolute: `HOME`, else what `etc/passwd` says, else `/` as engines have it. */
  readonly home: string;
}

interface PasswdRow {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** `USER`, `USER:GROUP`, by name or number (OCI image specification, config.md, "User"). */
export function resolveUser(
  text: string,
  env: ReadonlyMap<string, string>,
  textOf: (path: string) => string | undefined,
): ImageUser {
  const [name = '', group = ''] = (text === '' ? 'root' : text).split(':');
  const row = passwdRows(textOf('etc/passwd') ?? '').find((one) => one.name === name || String(one.uid) === name);
  const uid = row?.uid ?? numberOf(name) ?? (name === 'root' ? 0 : undefined);
  const gid = (group === '' ? undefined : groupOf(group, textOf('etc/group') ?? '')) ?? row?.gid ?? 0;
  return { text: name, uid, gid, isKnown: row !== undefined, home: env.get('HOME') ?? row?.home ?? '/' };
}

/** passwd(5); lines that are no rows are passed over. */
function passwdRows(text: string): readonly PasswdRow[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , uidText = '', gidText = '', , home = ''] = line.split(':');
    const uid = numberOf(uidText);
    const gid = numberOf(gidText);
    return name === '' || uid === undefined || gid === undefined ? [] : [{ name, uid, gid, home }];
  });
}

function groupOf(group: string, text: string): number | undefined {
  const number = numberOf(group);
  if (number !== undefined) return number;
  const row = text.split('\n').find((line) => line.startsWith(`${group}:`));
  return row === undefined ? undefined : numberOf(row.split(':')[2] ?? '');
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** What a user may do with a file by its mode (inode(7)); supplementary groups are not known. */
export function mayAccess(facts: FileFacts, user: Pick<ImageUser, 'uid' | 'gid'>, wanted: 1 | 2 | 3): boolean {
  if (user.uid === 0) return wanted === 2 || facts.type === 'directory' || (facts.mode & 0o111) !== 0;
  const shift = facts.uid === user.uid ? 6 : facts.gid === user.gid ? 3 : 0;
  return ((facts.mode >> shift) & wanted) === wanted;
}
