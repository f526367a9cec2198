import { isTareError } from '../../base/errors.ts';
import { debianPythons } from '../../debian/core-set.ts';
import { allowsPython } from '../../plan/python.ts';
import type { BaseWish, ResolvedBase } from '../base/resolution.ts';

/** A Python that was tried, and why it is not to be had. */
export interface RuledOutPython {
  /** Minor version: `3.13`. */
  readonly python: string;
  readonly reason: string;
}

/** Resolves the bases of all targets with the Pythons that are left, then whatever shows whether they do. */
export interface PythonTrial {
  /** Of all targets. */
  readonly platforms: readonly string[];
  readonly bases: (ruledOut: readonly RuledOutPython[]) => Promise<readonly ResolvedBase[]>;
  readonly wheels: (bases: readonly ResolvedBase[]) => Promise<unknown>;
}

export interface FittingBases {
  /** In the order of the platforms. */
  readonly bases: readonly ResolvedBase[];
  readonly ruledOut: readonly RuledOutPython[];
}

/** What a newer Python may lack, and an older one have. */
const lacksWheels = new Set(['WHEEL_NOT_FOUND', 'SDIST_ONLY', 'SOURCE_NOT_A_WHEEL', 'RESOLVE_IMPOSSIBLE']);

/**
 * The bases with the newest Python for which every requirement has a wheel on every target. Where the project names its Python, or there
 * is one only, nothing is tried. Where none has, and wheels may be built, the newest; else throws what that lacks.
 */
export async function basesThatFit(wish: BaseWish, trial: PythonTrial, builds = false): Promise<FittingBases> {
  const ruledOut: RuledOutPython[] = [];
  let first: unknown;
  for (;;) {
    const bases = await trial.bases(ruledOut);
    const python = bases[0]?.python.version;
    const left = choicesOf(wish, trial.platforms).filter(
      (one) => one !== python && !ruledOut.some((out) => out.python === one),
    );
    if (python === undefined || (left.length === 0 && ruledOut.length === 0)) return { bases, ruledOut };
    try {
      await trial.wheels(bases);
      return { bases, ruledOut };
    } catch (error) {
      if (!isTareError(error) || !lacksWheels.has(error.code)) throw error;
      first ??= error;
      // Nothing is built where another Python has a wheel; where none has, the newest gets one.
      if (left.length === 0 && builds) return { bases: await trial.bases([]), ruledOut: [] };
      if (left.length === 0) throw first;
      ruledOut.push({ python, reason: shortened(error.message) });
    }
  }
}

/** The Pythons that a composed Debian leaves to choose from. */
function choicesOf({ config, python, lock }: BaseWish, platforms: readonly string[]): readonly string[] {
  if (config.base !== undefined && config.base !== 'debian') return [];
  if (python?.minor !== undefined) return [];
  if (platforms.some((platform) => lock?.(platform)?.held !== undefined)) return [];
  return debianPythons.flatMap((one) => (python === undefined || allowsPython(python, one.python) ? [one.python] : []));
}

const longestReason = 240;

/** On one line; a resolver explains at length. */
function shortened(message: string): string {
  const text = message.replaceAll(/\s+/g, ' ').trim();
  return text.length <= longestReason ? text : `${text.slice(0, longestReason)}…`;
}
