import type { PackageFacts } from './package-facts.ts';
import { canonicalPath } from './root-layout.ts';

/**
 * Whether libraries and data are there once their files are: nothing of their scripts or triggers (deb-triggers(5)) makes more than the
 * loader's cache, no link of an alternative, no file put aside, and no program: it may start others, which its dependencies bring.
 * `baseTriggers`: `var/lib/dpkg/triggers/File` of what is below.
 */
export function areFilesAlone(packages: readonly PackageFacts[], baseTriggers = ''): boolean {
  const ofBase = baseTriggers.split('\n').flatMap((line) => /^\/(\S+)\s/.exec(line)?.[1] ?? []);
  const awaited = [...ofBase, ...packages.flatMap(interestsOf)].map((path) => canonicalPath(path));
  return packages.every((one) => isFilesAlone(one) && one.files.every((file) => !isAwaited(file, awaited)));
}

function isFilesAlone(one: PackageFacts): boolean {
  const isSilent = one.openScripts.length + one.alternatives.length + one.diversions.length === 0;
  return isSilent && !one.madeByScripts && !one.files.some(isProgram);
}

function interestsOf({ triggers }: PackageFacts): readonly string[] {
  return triggers.flatMap((line) => /^interest\S*\s+\/(\S+)$/.exec(line)?.[1] ?? []);
}

type File = PackageFacts['files'][number];

function isProgram({ path, type }: File): boolean {
  return type !== 'directory' && /^usr\/(?:s?bin|games)\//.test(path);
}

/** A folder of the trigger itself is made by whoever waits for what is in it. */
function isAwaited({ path, type }: File, awaited: readonly string[]): boolean {
  return type !== 'directory' && awaited.some((at) => path === at || path.startsWith(`${at}/`));
}
