import type { LayerEntry } from '../archive/layer-entry.ts';
import { compareText, sortedBy } from '../base/order.ts';

/** One way to have a generic name: what `update-alternatives --install` is told (update-alternatives(1)). Absolute paths. */
export interface Alternative {
  /** The generic path: `/usr/lib/x86_64-linux-gnu/libblas.so.3`. */
  readonly link: string;
  /** Its name in `/etc/alternatives`. */
  readonly name: string;
  readonly path: string;
  readonly priority: number;
  readonly slaves: readonly AlternativeLink[];
}

export interface AlternativeLink {
  readonly link: string;
  readonly name: string;
  readonly path: string;
}

/**
 * Reads the words of an `update-alternatives` command. Undefined where it installs nothing, or says so in a way that is not
 * understood; slaves that are not are left out.
 */
export function parseAlternative(words: readonly string[]): Alternative | undefined {
  const at = words.indexOf('--install');
  const [link = '', name = '', path = '', priority = ''] = words.slice(at + 1);
  if (at < 0 || !isLink({ link, name, path }) || !/^-?\d{1,9}$/.test(priority)) return undefined;
  const slaves: AlternativeLink[] = [];
  for (let next = at + 5; next < words.length; next++) {
    if (words[next] !== '--slave') continue;
    const slave = { link: words[next + 1] ?? '', name: words[next + 2] ?? '', path: words[next + 3] ?? '' };
    if (isLink(slave)) slaves.push(slave);
  }
  return { link, name, path, priority: Number(priority), slaves };
}

const isPath = (path: string): boolean => /^\/[^\0\n$`]+$/.test(path) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(path);

function isLink({ link, name, path }: AlternativeLink): boolean {
  return isPath(link) && isPath(path) && /^[\w.+@:-]{1,200}$/.test(name) && !/^\.{1,2}$/.test(name);
}

/** All alternatives of one name, with the one that is taken. */
interface Group {
  readonly name: string;
  readonly link: string;
  readonly choices: readonly Alternative[];
}

export interface SettledAlternatives {
  /** Links of the generic places and of `/etc/alternatives`: path (relative to the root) and target. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
  /** dpkg's own notes, `var/lib/dpkg/alternatives/NAME`, by path. */
  readonly notes: readonly { readonly path: string; readonly text: string }[];
}

/**
 * Chooses the highest priority for each name, as `update-alternatives` does in automatic mode; with equal ones the first path.
 * `existing` gives dpkg's notes in the base by name: what it has takes part, and a choice that was made by hand stays.
 * `isThere` says whether a file (absolute path) will be in the image: what is not is left out.
 */
export function settleAlternatives(
  added: readonly Alternative[],
  existing: (name: string) => string | undefined,
  isThere: (path: string) => boolean,
): SettledAlternatives {
  const links: { path: string; target: string }[] = [];
  const notes: { path: string; text: string }[] = [];
  for (const name of [...new Set(added.map((one) => one.name))].sort(compareText)) {
    const text = existing(name);
    const before = text === undefined ? undefined : parseNote(name, text);
    const mine = added.filter((one) => one.name === name && isThere(one.path));
    const choices = [...(before?.choices ?? []).filter((one) => !mine.some(({ path }) => path === one.path)), ...mine];
    const [best] = [...choices].sort(
      (left, right) => right.priority - left.priority || compareText(left.path, right.path),
    );
    if (best === undefined || mine.length === 0) continue;
    const group = { name, link: before?.link ?? best.link, choices: sortedBy(choices, (one) => one.path) };
    notes.push({ path: `var/lib/dpkg/alternatives/${name}`, text: renderNote(group, before?.mode ?? 'auto') });
    if (before?.mode === 'manual') continue;
    const chosen = [{ link: group.link, name, path: best.path }, ...best.slaves.filter((slave) => isThere(slave.path))];
    for (const one of chosen) {
      links.push({ path: one.link.slice(1), target: `/etc/alternatives/${one.name}` });
      links.push({ path: `etc/alternatives/${one.name}`, target: one.path });
    }
  }
  return { links, notes };
}

/** Mode, link, names and links of slaves, an empty line; then of each choice its path, priority and slaves' paths; an empty line. */
function renderNote({ link, choices }: Group, mode: string): string {
  const slaves = sortedBy(
    new Map(choices.flatMap((one) => one.slaves).map((slave) => [slave.name, slave.link])),
    ([name]) => name,
  );
  const lines = [mode, link, ...slaves.flat(), ''];
  for (const choice of choices) {
    const paths = slaves.map(([name]) => choice.slaves.find((slave) => slave.name === name)?.path ?? '');
    lines.push(choice.path, String(choice.priority), ...paths);
  }
  return `${[...lines, ''].join('\n')}\n`;
}

function parseNote(name: string, text: string): (Group & { readonly mode: string }) | undefined {
  const lines = text.split('\n');
  const [mode = '', link = ''] = lines;
  const end = lines.indexOf('', 2);
  if (!/^(?:auto|manual)$/.test(mode) || !isPath(link) || end < 0) return undefined;
  const names: { readonly name: string; readonly link: string }[] = [];
  for (let at = 2; at + 1 < end; at += 2) names.push({ name: lines[at] ?? '', link: lines[at + 1] ?? '' });
  const choices: Alternative[] = [];
  for (let at = end + 1; (lines[at] ?? '') !== ''; at += 2 + names.length) {
    const slaves = names.map((one, index) => ({ ...one, path: lines[at + 2 + index] ?? '' }));
    const priority = Number(lines[at + 1]);
    if (!Number.isInteger(priority)) return undefined;
    choices.push({ link, name, path: lines[at] ?? '', priority, slaves: slaves.filter((one) => one.path !== '') });
  }
  return { name, link, choices, mode };
}

/** A layer's entry of a link. */
export function linkEntry(path: string, linkTarget: string, mtime: number): LayerEntry {
  return { path, type: 'symlink', mode: 0o777, uid: 0, gid: 0, mtime, linkTarget };
}
