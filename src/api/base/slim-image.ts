import type { Context } from '../../base/context.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import { allowsPython } from '../../plan/python.ts';
import type { Architecture } from '../../plan/target.ts';
import type { PythonFact } from '../../project/facts.ts';
import type { Cache } from '../../store/cache.ts';
import { openImageOf, resolveImageBase } from './image.ts';
import { type BaseWish, chooseDebianPython, type ResolvedImage } from './resolution.ts';

/** Docker's image of a Python. */
export interface SlimImage {
  /** Minor version: `3.12`. */
  readonly python: string;
  /** `python:3.12-slim`. */
  readonly reference: string;
}

/** Minor versions that Docker's image is there for, newest first but for the youngest, which many wheels are still missing for. */
const pythons = ['3.14', '3.13', '3.12', '3.11', '3.10', '3.9', '3.8', '3.15'] as const;

/** Docker's slim image of a Python that the project allows; there is none that runs without the global lock. */
export function slimImageFor(wanted: PythonFact | undefined): SlimImage | undefined {
  if (wanted?.isFreeThreaded === true) return undefined;
  const python = wanted?.minor ?? pythons.find((one) => wanted === undefined || allowsPython(wanted, one));
  return python === undefined ? undefined : { python, reference: `python:${python}-slim` };
}

/** The base for a Python that neither a Debian suite nor an archive has. Throws `PYTHON_UNSUPPORTED` where the image cannot be had. */
export async function resolveSlimImage(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
  { python, reference }: SlimImage,
): Promise<ResolvedImage> {
  const image = await openImageOf(context, cache, wish, reference, architecture.platform).catch((error: unknown) => {
    context.signal.throwIfAborted();
    throw isTareError(error) ? unsupported(wish, reference, error) : error;
  });
  return resolveImageBase(context, cache, wish, architecture, image, {
    ...wish.python?.because,
    rule: `no Debian suite has Python ${python} and no archive of it is configured: Docker’s \`${reference}\``,
  });
}

/** What is said where no base has the Python, and what was tried beside those. */
function unsupported({ python, ruledOut }: BaseWish, reference: string, cause: TareError): TareError {
  try {
    chooseDebianPython(python, ruledOut);
  } catch (error) {
    if (!isTareError(error)) throw error;
    const { code, message, where, expected, actual, hint } = error;
    return new TareError({
      code,
      message: `${message}, and \`${reference}\` cannot be had: ${cause.message}`,
      ...(where === undefined ? {} : { where }),
      ...(expected === undefined ? {} : { expected }),
      ...(actual === undefined ? {} : { actual }),
      hint: [hint, cause.hint === undefined ? undefined : `for the image: ${cause.hint}`]
        .filter((one) => one !== undefined)
        .join(', or '),
      transient: cause.transient,
      cause,
    });
  }
  return cause;
}
