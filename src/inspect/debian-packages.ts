import { parseDeb822, type Stanza, words } from '../debian/deb822.ts';
import { isTareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import type { RootTree } from '../root/tree.ts';

/** A Debian package as the image itself says that it is there. */
export interface DescribedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Of its files that are in the image where the image lists them, else what the package says of itself. */
  readonly bytes: number;
}

const folder = 'var/lib/dpkg';

/** Installed packages by dpkg's database and `status.d` (dpkg-query(1)); a part that cannot be read counts as empty. */
export function readDebianPackages(
  tree: RootTree,
  textOf: (path: string) => string | undefined,
): readonly DescribedPackage[] {
  const names = tree.children(`${folder}/status.d`).filter((name) => !name.endsWith('.md5sums'));
  const found = new Map<string, DescribedPackage>();
  for (const path of [`${folder}/status`, ...names.map((name) => `${folder}/status.d/${name}`)]) {
    for (const stanza of stanzasOf(textOf(path), path)) {
      const name = stanza.get('package') ?? '';
      const architecture = stanza.get('architecture') ?? '';
      const key = `${name}:${architecture}`;
      if (name === '' || found.has(key) || !isInstalled(stanza)) continue;
      const version = stanza.get('version') ?? '';
      found.set(key, { name, version, architecture, bytes: bytesOf(tree, textOf, stanza) });
    }
  }
  return sortedBy(found.values(), ({ name, architecture }) => `${name}:${architecture}`);
}

function stanzasOf(text: string | undefined, path: string): readonly Stanza[] {
  if (text === undefined) return [];
  try {
    return parseDeb822(text, path);
  } catch (error) {
    if (isTareError(error)) return [];
    throw error;
  }
}

/** `want flag status`; a file of `status.d` may leave it out. */
function isInstalled(stanza: Stanza): boolean {
  const [, , state] = words(stanza.get('status'));
  return state !== 'not-installed' && state !== 'config-files';
}

function bytesOf(tree: RootTree, textOf: (path: string) => string | undefined, stanza: Stanza): number {
  const name = stanza.get('package') ?? '';
  const named = [name, `${name}:${stanza.get('architecture') ?? ''}`];
  const list = named.map((one) => textOf(`${folder}/info/${one}.list`)).find((text) => text !== undefined);
  if (list === undefined) {
    const kibibytes = Number(/^\d{1,12}$/.exec(stanza.get('installed-size') ?? '')?.[0] ?? 0);
    return kibibytes * 1024;
  }
  let bytes = 0;
  for (const path of list.split('\n')) {
    const file = path.startsWith('/') ? tree.find(path) : undefined;
    if (file?.type === 'file') bytes += file.size;
  }
  return bytes;
}
