import { normalizedName } from './package-name.ts';
import { isSdistFilename } from './wheel-choice.ts';
import { parseVersion, renderVersion, versionOrUndefined } from './version.ts';

const endings = /\.(?:tar\.(?:gz|bz2|xz|Z)|tgz|tar|zip)$/;

/**
 * The version in the file name of a source distribution of `name`, normalised; undefined where it is of another project. Older ones
 * have dashes in their names (source distribution format, "Source distribution file name").
 */
export function sdistVersion(filename: string, name: string): string | undefined {
  if (!isSdistFilename(filename)) return undefined;
  const stem = filename.replace(endings, '');
  for (let dash = stem.indexOf('-'); dash > 0; dash = stem.indexOf('-', dash + 1)) {
    const version = stem.slice(dash + 1);
    if (normalizedName(stem.slice(0, dash)) !== normalizedName(name)) continue;
    if (versionOrUndefined(version) !== undefined) return renderVersion(parseVersion(version));
  }
  return undefined;
}
