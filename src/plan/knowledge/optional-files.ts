import { normalizedName } from '../../python/package-name.ts';
import { optionalFiles } from './optional-files.data.ts';

/**
 * Whether a file is a plug-in that its distribution does without: what it lacks is no error. `path` is relative to
 * `site-packages`, `distribution` in any spelling.
 */
export function isOptionalFile(distribution: string, path: string): boolean {
  return whyOptional(distribution, path) !== undefined;
}

/** Why a file is optional; undefined where it is not. */
export function whyOptional(distribution: string, path: string): string | undefined {
  const name = normalizedName(distribution);
  return optionalFiles.find((one) => one.distribution.test(name) && one.path.test(path))?.evidence;
}
