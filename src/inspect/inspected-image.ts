import type { Platform } from '../oci/platform.ts';
import { nativeRoots, type NativeRoots } from '../root/native-roots.ts';
import type { FileFacts } from '../root/file-facts.ts';
import type { RootTree } from '../root/tree.ts';
import { type Distributions, type InstalledDistribution, readDistributions } from './distributions.ts';
import { type ImagePython, findPythons } from './pythons.ts';
import { programFolders } from './programs.ts';
import { type ImageUser, resolveUser } from './users.ts';

/** What is known beyond the image, as a port. */
export interface InspectKnowledge {
  /** Libraries that distributions open by name (`dlopen`, ctypes, cffi), and programs that they run, and cannot do without. */
  readonly needsOf: (distributions: readonly InstalledDistribution[]) => readonly KnownDistributionNeed[];
  /** Whether a library comes from the host, with the driver. */
  readonly isHostLibrary: (soname: string) => boolean;
  /** Why a file of a distribution need not load; undefined where it must. `inner`: below its folder on `sys.path`. */
  readonly whyOptional: (distribution: string, inner: string) => string | undefined;
}

export interface KnownDistributionNeed {
  readonly kind: 'library' | 'program';
  /** Normalised. */
  readonly distribution: string;
  /** Sonames or names of commands; one is enough. */
  readonly names: readonly string[];
  /** When it is needed: "an MP3 file is read". */
  readonly condition: string;
}

/** All that is inspected of an image of one platform. */
export interface InspectInput {
  readonly tree: RootTree;
  readonly config: InspectedConfig;
  readonly platform: Platform;
  /** The files that `isKeptText` names, by path as in `FileFacts`. */
  readonly texts: ReadonlyMap<string, string>;
  readonly knowledge: InspectKnowledge;
}

/** The part of an image configuration that matters here. */
export interface InspectedConfig {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly user: string;
  readonly workdir: string;
  /** Entry point and command in one: what is executed. */
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The input with what all checks need worked out once. */
export interface InspectedImage extends InspectInput {
  readonly env: ReadonlyMap<string, string>;
  /** The first is the one that `python` means. */
  readonly pythons: readonly ImagePython[];
  readonly user: ImageUser;
  /** Relative as in `FileFacts`; the empty text is the root. */
  readonly workdir: string;
  /** Folders that the application's modules are found in: PYTHONPATH and the working folder. */
  readonly applicationFolders: readonly string[];
  readonly distributions: Distributions;
  readonly roots: NativeRoots;
  /** The text of a file that was kept, where it is still in the image. */
  readonly textOf: (path: string) => string | undefined;
}

export function openImage(input: InspectInput): InspectedImage {
  const { tree, config } = input;
  const env = new Map(config.env.map(({ name, value }) => [name, value]));
  const textOf = (path: string): string | undefined => {
    const found = tree.resolve(path);
    return found?.facts.type === 'file' ? (input.texts.get(found.path) ?? input.texts.get(path)) : undefined;
  };
  const workdir = withoutSlashes(config.workdir);
  const pythons = findPythons({ tree, env, textOf });
  const user = resolveUser(config.user, env, textOf);
  const pythonPath = (env.get('PYTHONPATH') ?? '').split(':').filter((folder) => folder !== '');
  const applicationFolders = [
    ...pythonPath.map((folder) => withoutSlashes(folder.startsWith('/') ? folder : `${workdir}/${folder}`)),
    ...(workdir === '' ? [] : [workdir]),
  ];
  const sites = pythons.flatMap((python) => python.siteFolders);
  const distributions = readDistributions(tree, sites, textOf);
  const [python] = pythons;
  const roots: NativeRoots =
    python === undefined
      ? nativeRoots(programsOf(tree), { ...noFolders, programFolders: programFolders(env) })
      : nativeRoots(tree.entries(), {
          python: python.suffix,
          importFolders: [...python.siteFolders, ...applicationFolders],
          standardFolders: python.standardFolders.map((folder) => `${folder}/lib-dynload`),
          programFolders: programFolders(env),
          distributionOf: distributions.ownerOf,
          whyOptional: input.knowledge.whyOptional,
        });
  return { ...input, env, pythons, user, workdir, applicationFolders, distributions, roots, textOf };
}

const noFolders = { python: '3.0', importFolders: [], standardFolders: [], distributionOf: () => undefined };

function programsOf(tree: RootTree): readonly FileFacts[] {
  return tree.entries().filter((file) => file.elf !== undefined);
}

/** A path of a configuration as in `FileFacts`: no leading, trailing or double slashes, no dots. */
export function withoutSlashes(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
