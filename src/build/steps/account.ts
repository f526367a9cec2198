import type { LayerEntry } from '../../archive/layer-entry.ts';
import { nonroot } from '../../debian/generated-files.ts';
import { directoryEntry, fileEntry } from '../entries.ts';
import { readOwnLayer } from '../layer-files.ts';
import type { BuildTools } from '../tools.ts';
import type { EnvironmentInputs } from './environment-layer.ts';

/** What a base knows of its users. */
export interface BaseAccounts {
  readonly text: (path: string) => string | undefined;
  readonly hasFolder: (path: string) => boolean;
}

/** Nothing where the base was made with the image's user in it. */
export async function readAccounts(
  tools: BuildTools,
  { inputs: { baseImage }, base, user }: Pick<EnvironmentInputs, 'inputs' | 'base' | 'user'>,
): Promise<BaseAccounts | undefined> {
  if (baseImage !== undefined) {
    return { text: baseImage.text, hasFolder: (path) => baseImage.tree.resolve(path) !== undefined };
  }
  const [core] = base;
  if (core === undefined || user.uid === nonroot.uid) return undefined;
  const { texts } = await readOwnLayer(tools, core.record);
  return { text: (path) => texts[path], hasFolder: () => false };
}

/** The image's user on a base that does not know it: its home, and its lines in passwd(5) and group(5). */
export function accountEntries(
  { user, mtime }: Pick<EnvironmentInputs, 'user' | 'mtime'>,
  accounts: BaseAccounts | undefined,
): readonly LayerEntry[] {
  if (accounts === undefined || user.uid === 0) return [];
  const { uid, gid, name, home } = user;
  const line = `${name}:x:${uid}:${gid}:${name}:${home}:/usr/sbin/nologin`;
  const owner = { uid, gid };
  return [
    ...(accounts.hasFolder(home) ? [] : [directoryEntry(home.slice(1), mtime, owner)]),
    ...withLine(accounts.text('etc/passwd'), 'etc/passwd', line, uid, mtime),
    ...withLine(accounts.text('etc/group'), 'etc/group', `${name}:x:${gid}:`, gid, mtime),
  ];
}

/** Nothing where the base has no such file, or has the number in it already. */
function withLine(text: string | undefined, path: string, line: string, id: number, mtime: number): LayerEntry[] {
  if (text === undefined || text.split('\n').some((one) => one.split(':')[2] === String(id))) return [];
  return [fileEntry(path, `${text.replace(/\n*$/, '\n')}${line}\n`, 0o644, mtime)];
}
