import { readLoaderFolders } from '../root/loader-folders.ts';
import { builtInFolders } from '../root/multiarch.ts';
import type { InspectedImage } from './inspected-image.ts';

/** What ELF and Debian call the machines that OCI names otherwise. */
const machineNames: ReadonlyMap<string, string> = new Map([
  ['386', 'i386'],
  ['ppc64le', 'ppc64el'],
]);

/** The machine that the programs of an image must be for, as in `ElfFacts`. */
export function machineOf(image: Pick<InspectedImage, 'platform'>): string {
  const { architecture } = image.platform;
  return machineNames.get(architecture) ?? architecture;
}

/** True where the image's C library is musl, whose loader knows neither `ld.so.conf` nor symbol versions. */
export function isMusl(image: Pick<InspectedImage, 'tree'>): boolean {
  return image.tree.children('lib').some((name) => /^ld-musl-.+\.so\.1$/.test(name));
}

/**
 * The folders that a loader searches at the end: of `ld.so.conf` where `ldconfig` has written a cache, then its own (ld.so(8)). For
 * musl: its built-in path.
 */
export function loaderFolders(image: Pick<InspectedImage, 'tree' | 'platform' | 'textOf'>): readonly string[] {
  if (isMusl(image)) return ['lib', 'usr/local/lib', 'usr/lib'];
  const machine = machineOf(image);
  const architecture = machine === 'arm' ? 'armhf' : machine;
  const hasCache = image.tree.resolve('etc/ld.so.cache') !== undefined;
  return hasCache ? readLoaderFolders(image.tree, image.textOf, architecture) : builtInFolders(architecture);
}
