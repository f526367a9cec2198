import { TareError } from '../base/errors.ts';

/** That an archive cannot be the source of a distribution. */
export function sourceInvalid(what: string, where: string, cause?: unknown): TareError {
  return new TareError({
    code: 'SDIST_INVALID',
    message: `the source archive ${what}`,
    where,
    hint: 'take another version of it, or a wheel: the archive is damaged or hostile, or no source distribution at all',
    ...(cause === undefined ? {} : { cause }),
  });
}
