import { compareText } from '../../base/order.ts';
import { normalizedName } from '../../python/package-name.ts';
import { libraryPathNeeds } from './nvidia-libraries.data.ts';

/**
 * Folders of NVIDIA's wheels that hold libraries, for `LD_LIBRARY_PATH`: `nvidia/cudnn/lib`, `nvidia/cu13/lib`. Paths may be
 * relative to any folder, the same for all; what comes out is relative to it too, sorted, each once.
 */
export function nvidiaLibraryFolders(files: readonly string[]): readonly string[] {
  const folders = new Set<string>();
  for (const file of files) {
    const folder = /^((?:.*\/)?nvidia\/[^/]+\/lib(?:64)?)\/[^/]+\.so(?:\.[0-9.]+)?$/.exec(file)?.[1];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders].toSorted(compareText);
}

/** Why a distribution finds NVIDIA's libraries only by `LD_LIBRARY_PATH`; undefined where it finds them by itself or needs none. */
export function whyLibraryPath(distribution: string): string | undefined {
  return libraryPathNeeds.get(normalizedName(distribution));
}
