import type { InspectedImage } from './inspected-image.ts';
import { withoutSlashes } from './inspected-image.ts';

/** What ELF calls the machines that OCI names otherwise. */
const machineNames: ReadonlyMap<string, string> = new Map([
  ['386', 'i386'],
  ['ppc64le', 'ppc64el'],
]);

/** The machine that the programs of an image must be for, as in `ElfFacts`. */
export function machineOf(image: Pick<InspectedImage, 'platform'>): string {
  const { architecture } = image.platform;
  return machineNames.get(architecture) ?? architecture;
}

/** Debian's multiarch tuples. */
const triplets: ReadonlyMap<string, readonly string[]> = new Map([
  ['amd64', ['x86_64-linux-gnu']],
  ['arm64', ['aarch64-linux-gnu']],
  ['i386', ['i386-linux-gnu']],
  ['arm', ['arm-linux-gnueabihf', 'arm-linux-gnueabi']],
  ['ppc64el', ['powerpc64le-linux-gnu']],
  ['s390x', ['s390x-linux-gnu']],
  ['riscv64', ['riscv64-linux-gnu']],
]);

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
  const own = (triplets.get(machineOf(image)) ?? []).flatMap((triplet) => [`lib/${triplet}`, `usr/lib/${triplet}`]);
  const hasCache = image.tree.resolve('etc/ld.so.cache') !== undefined;
  const configured = hasCache ? configuredFolders(image, 'etc/ld.so.conf', 0) : [];
  return [...new Set([...configured, ...own, 'lib', 'usr/lib', 'lib64', 'usr/lib64'])];
}

const deepestInclude = 4;

/** ldconfig(8): a folder a line, comments, `include` with patterns. */
function configuredFolders(
  image: Pick<InspectedImage, 'tree' | 'textOf'>,
  path: string,
  depth: number,
): readonly string[] {
  return (image.textOf(path) ?? '').split('\n').flatMap((raw) => {
    const line = raw.replace(/#.*/, '').trim();
    const [, pattern] = /^include\s+(\S+)$/.exec(line) ?? [];
    if (pattern === undefined) return line.startsWith('/') ? [withoutSlashes(line)] : [];
    if (depth >= deepestInclude) return [];
    const full = withoutSlashes(pattern.startsWith('/') ? pattern : `etc/${pattern}`);
    const slash = full.lastIndexOf('/');
    const folder = full.slice(0, Math.max(0, slash));
    return image.tree
      .children(folder)
      .filter((name) => matchesPattern(name, full.slice(slash + 1)))
      .flatMap((name) => configuredFolders(image, `${folder}/${name}`, depth + 1));
  });
}

/** Patterns of one `*`, which is all that is in use. */
function matchesPattern(name: string, pattern: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return name === pattern;
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end);
}
