import type { Because } from '../base/because.ts';
import { TareError } from '../base/errors.ts';
import type { PythonFact } from '../project/facts.ts';
import { parseSpecifierSet, specifierContains } from '../python/specifier.ts';
import { parseVersion } from '../python/version.ts';

/** A Python that a base can give: `{ suite: 'trixie', python: '3.13' }`. */
export interface OfferedPython {
  readonly suite: string;
  readonly python: string;
}

export interface ChosenPython extends OfferedPython {
  readonly because: Because;
}

/** The newest offered Python that the project allows. Throws `PYTHON_UNSUPPORTED` naming what is offered. */
export function resolvePython(wanted: PythonFact | undefined, offered: readonly OfferedPython[]): ChosenPython {
  const newestFirst = [...offered].sort((left, right) => minorNumber(right.python) - minorNumber(left.python));
  if (wanted === undefined) {
    const [newest] = newestFirst;
    if (newest === undefined) throw new Error('no Python is offered');
    return {
      ...newest,
      because: { rule: 'the newest Python that a Debian suite has; the project does not say which' },
    };
  }
  const fitting = newestFirst.find((one) => allows(wanted, one.python));
  if (fitting !== undefined) return { ...fitting, because: becauseOf(wanted, fitting) };
  throw new TareError({
    code: 'PYTHON_UNSUPPORTED',
    message: `no base has the wanted Python${wanted.minor === undefined ? '' : ` ${wanted.minor}`}`,
    ...(wanted.because.file === undefined ? {} : { where: whereOf(wanted.because) }),
    expected: newestFirst.map((one) => `${one.python} (Debian ${one.suite})`).join(' or '),
    actual: wanted.minor ?? wanted.specifiers,
    hint: `choose one of them with \`--python ${newestFirst[0]?.python ?? '3.13'}\` if the application allows it`,
  });
}

/** A pinned patch version counts by its minor: the base gives the suite's own patch version. */
function allows(wanted: PythonFact, python: string): boolean {
  if (wanted.minor !== undefined) return wanted.minor === python;
  if (wanted.specifiers === '') return true;
  const set = parseSpecifierSet(wanted.specifiers);
  // A late patch version, so that `>=3.13.2` and `>3.13` mean what their writers think of.
  return specifierContains(set, parseVersion(`${python}.99`)) || specifierContains(set, parseVersion(`${python}.0`));
}

function becauseOf(wanted: PythonFact, chosen: OfferedPython): Because {
  const said =
    wanted.minor === undefined ? `\`${wanted.specifiers}\` allows it, the newest` : 'the project names it, the one';
  return { ...wanted.because, rule: `${said} that a Debian suite has (${chosen.suite})` };
}

function whereOf(because: Because): string {
  return because.line === undefined ? (because.file ?? '') : `${because.file}:${because.line}`;
}

function minorNumber(python: string): number {
  return Number(python.split('.')[1] ?? '0');
}
