import type { Finding } from './finding.ts';

/** Finds the Debian package of a suite that brings a library or program. */
export type PackageSearch = (kind: 'library' | 'program', name: string) => Promise<string | undefined>;

/** Findings of missing libraries and programs with the package that would bring them as hint, where the search knows one. */
export async function withPackageHints(
  findings: readonly Finding[],
  search: PackageSearch,
): Promise<readonly Finding[]> {
  const known = new Map<string, string | undefined>();
  const hinted: Finding[] = [];
  for (const finding of findings) {
    const name = finding.chain?.at(-1);
    const kind = kinds.get(finding.code);
    if (name === undefined || kind === undefined) {
      hinted.push(finding);
      continue;
    }
    const key = `${kind} ${name}`;
    if (!known.has(key)) known.set(key, await search(kind, name));
    const found = known.get(key);
    hinted.push(found === undefined ? finding : { ...finding, hint: `add \`system-packages = ["${found}"]\`` });
  }
  return hinted;
}

const kinds: ReadonlyMap<string, 'library' | 'program'> = new Map([
  ['library-missing', 'library'],
  ['plug-in-library-missing', 'library'],
  ['program-missing', 'program'],
]);
