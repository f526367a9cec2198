import type { PackageFacts } from './package-facts.ts';

/**
 * Whether packages are there once their files are: nothing of their scripts or triggers (deb-triggers(5)) makes more than the
 * loader's cache, no link of an alternative, no file put aside.
 */
export function areFilesAlone(packages: readonly PackageFacts[]): boolean {
  return packages.every(
    (one) =>
      !one.madeByScripts &&
      one.openScripts.length + one.alternatives.length + one.diversions.length === 0 &&
      packages.every((other) => !isConcerned(one, other)),
  );
}

/** Whether a package would do something about what another one brings. */
function isConcerned(one: PackageFacts, other: PackageFacts): boolean {
  const paths = one.triggers.flatMap((line) => /^interest\S*\s+\/(\S+)$/.exec(line)?.[1] ?? []);
  return other.files.some(({ path, type }) => type !== 'directory' && paths.some((at) => path.startsWith(`${at}/`)));
}
