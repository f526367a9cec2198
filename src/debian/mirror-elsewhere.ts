import type { Context } from '../base/context.ts';
import { isTareError } from '../base/errors.ts';
import { type ContentsIndex, combineContents } from './contents.ts';
import { openReleaseContents } from './contents-cache.ts';
import { type DebianMirrorConfig, type MirrorChoice, resolveMirrors } from './mirror-choice.ts';
import { openMainRelease } from './mirror-releases.ts';

/** A suite that has a library, and whose it is there, the likeliest package first. */
export interface SuiteWithLibrary {
  readonly suite: string;
  readonly packages: readonly string[];
}

/** Oldest first. */
const suites = ['bullseye', 'bookworm', 'trixie', 'forky', 'sid'];
/** What people build on: worth fetching for an answer. The others are asked where the cache has them. */
const worthFetching = new Set(['bookworm', 'trixie']);

/**
 * Which other suites of Debian have libraries of these names, for an error that says so: suites by name of the library, none where
 * no suite has it. Looks into what the cache has, and fetches the indexes of bookworm and trixie; a suite that cannot be
 * asked is passed over.
 */
export async function suitesWithLibrary(
  context: Context,
  config: DebianMirrorConfig,
  suite: string,
  architecture: string,
  sonames: readonly string[],
): Promise<ReadonlyMap<string, readonly SuiteWithLibrary[]>> {
  // What goes wrong here is no matter for the person, who waits for another error.
  const quiet: Context = { ...context, log: { ...context.log, warn: context.log.debug, info: context.log.debug } };
  const choice = await resolveMirrors(quiet, config);
  const found = new Map(sonames.map((soname): [string, SuiteWithLibrary[]] => [soname, []]));
  for (const other of suites) {
    const contents = other === suite ? undefined : await contentsOf(choice, other, architecture);
    if (contents === undefined) continue;
    for (const [soname, list] of found) {
      const packages = [...new Set(contents.librariesNamed(soname).map((file) => file.package))];
      if (packages.length > 0) list.push({ suite: other, packages });
    }
  }
  return found;
}

async function contentsOf(
  choice: MirrorChoice,
  suite: string,
  architecture: string,
): Promise<ContentsIndex | undefined> {
  const offline = choice.context.offline || !worthFetching.has(suite);
  const asking: MirrorChoice = { ...choice, context: { ...choice.context, offline, refresh: false } };
  try {
    const release = await openMainRelease(asking, suite);
    const opened = await openReleaseContents(asking, release, 'main', architecture);
    return opened === undefined ? undefined : combineContents(suite, architecture, [opened]);
  } catch (error) {
    if (!isTareError(error)) throw error;
    choice.context.log.debug(`${suite} was not asked for missing libraries: ${error.message}`);
    return undefined;
  }
}

/** ``trixie does not have `libfoo.so.1`; bookworm has it (libfoo1)`` */
export function describeElsewhere(soname: string, suite: string, found: readonly SuiteWithLibrary[] = []): string {
  const others = found.map((one) => `${one.suite} has it (${one.packages.slice(0, 3).join(', ')})`);
  const missing = `${suite} does not have \`${soname}\``;
  return others.length === 0 ? missing : `${missing}; ${others.join(', ')}`;
}
