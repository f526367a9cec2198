import { readFileSync } from 'node:fs';
import { TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import {
  addressOf,
  damagedForm,
  type OpenedRelease,
  openStoredForm,
  smallestOf,
  type StoredForm,
} from './index-file.ts';
import type { MirrorChoice } from './mirror-choice.ts';
import {
  type CompactIndex,
  compactFormat,
  compactHeaderSize,
  compactPackages,
  compactSizeOf,
  openCompact,
} from './packages-index.ts';
import type { ReleaseFile } from './release.ts';

export interface OpenedPackages {
  readonly index: CompactIndex;
  /** Hash of the index file as the mirror has it. */
  readonly digest: string;
  readonly where: string;
}

const compactForm: StoredForm<CompactIndex> = {
  folder: 'packages',
  version: compactFormat,
  limit: limits.packagesIndex,
  what: 'packages',
  make: compactPackages,
  headerSize: compactHeaderSize,
  sizeOf: compactSizeOf,
  // A build with nothing to do asks nothing, and 27 MB take a while.
  open: (path) => {
    let loaded: CompactIndex | undefined;
    const load = (): CompactIndex => (loaded ??= openCompact(readFileSync(path)) ?? damagedForm(path));
    return { find: (name) => load().find(name), providers: (name) => load().providers(name) };
  },
};

/** The package index of a release's component for one architecture: its compact form from the cache, else fetched, checked and made. */
export async function openPackages(
  choice: MirrorChoice,
  release: OpenedRelease,
  architecture: string,
  component = 'main',
): Promise<OpenedPackages> {
  const file = smallestOf(release, `${component}/binary-${architecture}/Packages`);
  if (file === undefined) throw architectureMissing(release, architecture, component);
  return openListed(choice, release, file);
}

/**
 * What an archive lists apart for all architectures, undefined where it repeats that in each architecture's own index, as
 * Debian does (Debian wiki, DebianRepository/Format, "No-Support-for-Architecture-all").
 */
export async function openIndependentPackages(
  choice: MirrorChoice,
  release: OpenedRelease,
  component: string,
): Promise<OpenedPackages | undefined> {
  const file = smallestOf(release, `${component}/binary-all/Packages`);
  return file === undefined || release.state.repeatsIndependent ? undefined : openListed(choice, release, file);
}

async function openListed(choice: MirrorChoice, release: OpenedRelease, file: ReleaseFile): Promise<OpenedPackages> {
  const index = await openStoredForm(choice.context, release, file, compactForm);
  return { index, digest: file.digest, where: addressOf(release, file) };
}

function architectureMissing(release: OpenedRelease, architecture: string, component: string): TareError {
  return new TareError({
    code: 'DEBIAN_ARCHITECTURE_MISSING',
    message: `${release.codename} has no packages for ${architecture} in its component \`${component}\``,
    where: `${release.archive}/dists/${release.codename}`,
    hint:
      component === 'main'
        ? 'use a mirror that carries this architecture: set `mirror` in `[tool.tare.debian]`'
        : 'check `components` of this entry in `[[tool.tare.debian.sources]]`',
  });
}
