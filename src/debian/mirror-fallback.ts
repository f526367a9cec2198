import type { Context } from '../base/context.ts';
import { isTareError, type TareError } from '../base/errors.ts';

/** What a mirror that is down, cut off or incomplete fails with; never a signature or a hash that does not hold. */
const fallbackCodes = new Set([
  'HTTP_FAILED',
  'HTTP_REDIRECT_REFUSED',
  'DEBIAN_MIRROR_FAILED',
  'DEBIAN_SUITE_MISSING',
  'DEBIAN_ARCHITECTURE_MISSING',
  'DEBIAN_CONTENTS_MISSING',
  'DEBIAN_INDEX_EXPIRED',
  'DOWNLOAD_FAILED',
]);

/** True where another mirror may have what this one did not give. */
export function isMirrorAtFault(error: unknown): error is TareError {
  return isTareError(error) && (error.transient || fallbackCodes.has(error.code));
}

/**
 * Does `work` with a named mirror; where that is down or lacks what is wanted, says so in one warning and does it with what is
 * configured otherwise. Offline, so does what the cache lacks of it. What is not the mirror's fault, a bad signature above all, ends it. Where the other way fails
 * because nothing else is configured, the mirror's own error counts.
 */
export async function withMirrorFallback<T>(
  context: Context,
  mirror: string,
  what: string,
  work: () => Promise<T>,
  otherwise: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isUnseen = context.offline && isTareError(error) && error.code === 'OFFLINE_MISSING';
    if (!isUnseen && !isMirrorAtFault(error)) throw error;
    context.log.warn(
      `the mirror \`${mirror}\` does not give ${what}: going on with what is configured otherwise (${error.message})`,
      `leave out \`--mirror ${mirror}\`, or name another one`,
    );
    return otherwise().catch((second: unknown) => {
      throw isTareError(second) && second.code === 'DEBIAN_MIRROR_MISSING' ? error : second;
    });
  }
}
