import type { Because } from '../base/because.ts';
import { TareError } from '../base/errors.ts';
import type { PlannedPython } from './types.ts';
import type { PythonFact } from '../project/facts.ts';
import { parseSpecifierSet, specifierContains } from '../python/specifier.ts';
import { parseVersion } from '../python/version.ts';

/** A Python that a base can give. */
export interface OfferedPython {
  /** Minor version: `3.13`. */
  readonly python: string;
  /** Who has it, for people: `Debian trixie`. */
  readonly origin: string;
  readonly isFreeThreaded?: boolean;
}

/** The newest offered Python that the project allows. Throws `PYTHON_UNSUPPORTED` naming what is offered, and `choices` besides. */
export function resolvePython<Offer extends OfferedPython>(
  wanted: PythonFact | undefined,
  offered: readonly Offer[],
  choices: readonly string[] = [],
): Offer & { readonly because: Because } {
  const newestFirst = [...offered].sort((left, right) => minorNumber(right.python) - minorNumber(left.python));
  if (wanted === undefined) {
    const [newest] = newestFirst;
    if (newest === undefined) throw new Error('no Python is offered');
    return {
      ...newest,
      because: { rule: `the newest Python that ${newest.origin} has; the project does not say which` },
    };
  }
  const fitting = newestFirst.find((one) => allowsPython(wanted, one.python, one.isFreeThreaded));
  if (fitting !== undefined) return { ...fitting, because: becauseOf(wanted, fitting) };
  throw new TareError({
    code: 'PYTHON_UNSUPPORTED',
    message: `no base has the wanted Python${wanted.minor === undefined ? '' : ` ${wishOf(wanted)}`}`,
    ...(wanted.because.file === undefined ? {} : { where: whereOf(wanted.because) }),
    expected: newestFirst.map((one) => `${one.python} (${one.origin})`).join(' or '),
    actual: wishOf(wanted),
    hint: hintOf(wanted, newestFirst[0]?.python ?? '3.13', choices),
  });
}

function wishOf({ minor, specifiers, isFreeThreaded }: PythonFact): string {
  return minor === undefined ? specifiers : `${minor}${isFreeThreaded === true ? 't' : ''}`;
}

/** What the project bounds is not to be had otherwise; what is pinned for convenience may be. */
function hintOf(wanted: PythonFact, newest: string, choices: readonly string[]): string {
  const isBound = wanted.minor === undefined || /requires/i.test(wanted.because.rule);
  const other = `choose one of them with \`--python ${newest}\` if the application allows it`;
  if (choices.length === 0) return other;
  return [...(isBound ? [] : [other]), ...choices].join(', or ');
}

/** A pinned patch version counts by its minor: the base gives the suite's own patch version. */
export function allowsPython(wanted: PythonFact, python: string, isFreeThreaded = false): boolean {
  if (wanted.isFreeThreaded === true && !isFreeThreaded) return false;
  if (wanted.minor !== undefined) return wanted.minor === python;
  if (wanted.specifiers === '') return true;
  const set = parseSpecifierSet(wanted.specifiers);
  // A late patch version, so that `>=3.13.2` and `>3.13` mean what their writers think of.
  return specifierContains(set, parseVersion(`${python}.99`)) || specifierContains(set, parseVersion(`${python}.0`));
}

function becauseOf(wanted: PythonFact, chosen: OfferedPython): Because {
  const said =
    wanted.minor === undefined ? `\`${wanted.specifiers}\` allows it, the newest one` : 'the project names it';
  return { ...wanted.because, rule: `${said}; ${chosen.origin} has it` };
}

function whereOf(because: Because): string {
  return because.line === undefined ? (because.file ?? '') : `${because.file}:${because.line}`;
}

function minorNumber(python: string): number {
  return Number(python.split('.')[1] ?? '0');
}

/** What folders and programs of a Python are called after: `3.13`, `3.13t` where it is free-threaded. */
export function pythonSuffix({ version, abi }: Pick<PlannedPython, 'version' | 'abi'>): string {
  return isFreeThreadedAbi(abi) ? `${version}t` : version;
}

/** `cp313t`. */
export function isFreeThreadedAbi(abi: string): boolean {
  return /^cp\d+t$/.test(abi);
}

/** Absolute, in the image. */
export function sitePackagesOf(python: Pick<PlannedPython, 'prefix' | 'version' | 'abi'>): string {
  return `${python.prefix}/lib/python${pythonSuffix(python)}/site-packages`;
}
