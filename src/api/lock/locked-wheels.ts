import { mapLimit } from '../../base/concurrency.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import { lockFile, type LockedWheel } from '../../lock/types.ts';
import type { PlannedWheel } from '../../plan/types.ts';
import type { LockedDistribution, LockedFile } from '../../python/locked.ts';
import { parsePackageName } from '../../python/package-name.ts';
import type { PreferredVersion } from '../indexes/resolver.ts';
import { buildAgain } from '../wheel-build/build-again.ts';
import { chooseWheels } from '../wheels/places.ts';
import type { TargetWheels, WheelInputs } from '../wheels/resolution.ts';

/** What a lock of the image says of a target's wheels. */
export interface WheelLock {
  /** Where it holds. */
  readonly held?: readonly LockedWheel[];
  /** Where it does not. */
  readonly preferred?: readonly PreferredVersion[];
}

const because = { file: lockFile, rule: 'the lock of the image' };

/** The wheels of a lock, each by its hash: the index is asked only for those that the cache lacks. Throws `LOCKED_WHEEL_GONE`. */
export async function lockedWheels(inputs: WheelInputs, held: readonly LockedWheel[]): Promise<TargetWheels> {
  const direct = directFiles(inputs);
  const found = await mapLimit(held, 6, async (one) => {
    const wheel = plannedWheel(one);
    if (await inputs.cache.has(one.sha256, one.size)) return { wheel, url: undefined };
    if (one.built !== undefined) {
      await buildAgain(inputs, one, one.built);
      return { wheel, url: undefined };
    }
    const {
      wheels: [source],
    } = await chooseWheels(inputs, [distributionOf(one, direct)]).catch((error: unknown) => {
      throw goneOr(error, one);
    });
    return { wheel, url: source?.url };
  });
  return {
    ...heldWheels(held),
    urls: Object.fromEntries(found.flatMap(({ wheel, url }) => (url === undefined ? [] : [[wheel.sha256, url]]))),
  };
}

/** The wheels without their places. */
export function heldWheels(held: readonly LockedWheel[]): Omit<TargetWheels, 'urls'> {
  return { resolution: { kind: 'resolved', because }, wheels: held.map(plannedWheel) };
}

function plannedWheel({ built, ...one }: LockedWheel): PlannedWheel {
  return { ...one, because, ...(built === undefined ? {} : { built: { ...built, because } }) };
}

function distributionOf(one: LockedWheel, direct: readonly string[]): LockedDistribution {
  const { filename, sha256, size } = one;
  const place = direct.find((text) => filenameOf(text) === filename);
  const file: LockedFile = {
    kind: 'wheel',
    filename,
    sha256,
    ...(size === undefined ? {} : { size }),
    ...(place === undefined ? {} : /^[a-z]+:/i.test(place) ? { url: place } : { path: place }),
  };
  const name = parsePackageName(one.name);
  return { name, version: one.version, files: [file], hashes: [], source: { kind: 'index' }, extras: [], because };
}

/** Addresses and paths of wheels that the requirements name themselves: the lock holds none, and the index need not have them. */
function directFiles({ dependencies, selection }: WheelInputs): readonly string[] {
  const source = dependencies.select(selection);
  if (source.kind === 'locked') return [];
  return source.requirements.split(/\s+/).flatMap((word) => {
    const place = word.replace(/^["']|["',;]$/g, '').replace(/#.*$/, '');
    return /\.whl(?:\?.*)?$/.test(place) ? [place] : [];
  });
}

function filenameOf(place: string): string {
  const last = place.replace(/\?.*$/, '').split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function goneOr(error: unknown, { name, version, filename, sha256 }: LockedWheel): unknown {
  const codes = ['VERSION_NOT_FOUND', 'HASH_NOT_ON_INDEX', 'PROJECT_NOT_FOUND', 'WHEEL_NOT_FOUND'];
  if (!isTareError(error) || !codes.includes(error.code)) return error;
  const isOther = error.code === 'HASH_NOT_ON_INDEX';
  return new TareError({
    code: 'LOCKED_WHEEL_GONE',
    message: isOther
      ? `the index has \`${name} ${version}\`, but no file with the hash of the lock`
      : `the index has \`${filename}\` of the lock no longer`,
    where: lockFile,
    expected: sha256,
    hint: `use an index that keeps it, or move on with \`tare lock --upgrade ${name}\``,
    cause: error,
  });
}
