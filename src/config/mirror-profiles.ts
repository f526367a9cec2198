import { TareError } from '../base/errors.ts';
import { mirrorProfiles } from './mirror-profiles.data.ts';
import { nearestName } from './nearest-name.ts';

/** Where one public mirror keeps what a build fetches. Used while building, never written into an image or a lock. */
export interface MirrorProfile {
  /** What follows `--mirror`. */
  readonly name: string;
  /** The folder that holds `dists/` and `pool/`. */
  readonly debian: string;
  /** The same for security fixes. */
  readonly debianSecurity: string;
  /** A simple index (PEP 503). */
  readonly pythonIndex: string;
  /**
   * Wheels of torch, where the mirror has them: below it a folder a variant (`cpu`, `cu126`), each a plain list of files as
   * `--find-links` reads it, no simple index.
   */
  readonly torchWheels?: string;
}

/** The named mirror. Throws `MIRROR_UNKNOWN`. */
export function findMirrorProfile(name: string): MirrorProfile {
  const found = mirrorProfiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  const names = mirrorProfiles.map((profile) => profile.name);
  const nearest = nearestName(name, names);
  throw new TareError({
    code: 'MIRROR_UNKNOWN',
    message: `\`${name.slice(0, 100)}\` is no mirror that is known by name`,
    expected: names.join(', '),
    hint:
      nearest === undefined
        ? 'name one of these, or set `mirror` in `[tool.tare.debian]` and the index of pip or uv'
        : `did you mean \`--mirror ${nearest}\`?`,
  });
}
