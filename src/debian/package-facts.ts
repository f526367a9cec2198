import type { FileFacts } from '../root/file-facts.ts';
import { factsOfBytes } from '../root/observe.ts';
import { type Alternative, settleAlternatives } from './alternatives.ts';
import { type DebEntry, readDebControl, readDebData } from './deb.ts';
import { type JudgedCommand, openCommands, readMaintainerScripts } from './maintainer-scripts.ts';
import { canonicalPath } from './root-layout.ts';
import { isWantedOfSystem } from './selection.ts';

/** What is to be known of a package without keeping it: plain data, the same for the same file. */
export interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** What would be put into an image, at its place in a merged `/usr`, in the order of the package. */
  readonly files: readonly FileFacts[];
  /** Names of its maintainer scripts. */
  readonly scripts: readonly string[];
  readonly alternatives: readonly Alternative[];
  /** Files of other packages that it puts aside: absolute paths. */
  readonly diversions: readonly string[];
  /** Lines of its `triggers` file. */
  readonly triggers: readonly string[];
  /** What its scripts do at installation and nobody does here. */
  readonly openScripts: readonly JudgedCommand[];
  /** Its scripts or triggers make something beside the loader's cache that tare makes in their place. */
  readonly madeByScripts: boolean;
}

/** Raised whenever the facts of the same package may differ. */
export const packageFactsVersion = 2;

/** Reads a `.deb`, one of its files in memory at a time. Throws what `readDebControl` and `readDebData` throw. */
export async function readPackageFacts(file: string): Promise<PackageFacts> {
  const control = await readDebControl(file);
  const files: FileFacts[] = [];
  for await (const entry of readDebData(file)) {
    const path = canonicalPath(entry.path);
    if (isWantedOfSystem(path, entry.type)) files.push(factsOf(entry, path));
  }
  const { scripts, alternatives, diversions, triggers, judged } = readMaintainerScripts(control);
  return {
    name: control.fields.get('package') ?? '',
    version: control.fields.get('version') ?? '',
    architecture: control.fields.get('architecture') ?? '',
    files,
    scripts,
    alternatives,
    diversions,
    triggers,
    openScripts: openCommands({ judged }),
    madeByScripts: judged.some((one) => one.verdict === 'done by tare' && !/\bldconfig$/.test(one.command)),
  };
}

function factsOf({ type, mode, uid, gid, linkTarget, bytes }: DebEntry, path: string): FileFacts {
  const target = type === 'hardlink' ? canonicalPath(linkTarget ?? '') : linkTarget;
  const common = { path, type, mode: safeMode(type, mode), uid, gid };
  return factsOfBytes({ ...common, ...(target === undefined ? {} : { linkTarget: target }) }, bytes);
}

/** Files lose their set-uid and set-gid bits: a process of the image has no need to become another user. */
export function safeMode(type: FileFacts['type'], mode: number): number {
  return type === 'directory' || type === 'symlink' ? mode : mode & 0o1777;
}

/** The files of packages together with the links of their alternatives, as a loader will find them. */
export function installedFiles(packages: readonly PackageFacts[]): readonly FileFacts[] {
  const files = packages.flatMap((one) => one.files);
  const paths = new Set(files.map((one) => `/${one.path}`));
  const { links } = settleAlternatives(
    packages.flatMap((one) => one.alternatives),
    () => undefined,
    (path) => paths.has(`/${canonicalPath(path.slice(1))}`),
  );
  const added = links.map(
    ({ path, target }): FileFacts => ({
      path: canonicalPath(path),
      type: 'symlink',
      mode: 0o777,
      uid: 0,
      gid: 0,
      size: 0,
      linkTarget: target,
    }),
  );
  return [...files, ...added];
}
