import type { Because } from '../base/because.ts';
import { mapLimit } from '../base/concurrency.ts';
import { isTareError } from '../base/errors.ts';
import { withBuildTools } from '../build/tools.ts';
import type { InlineConfig } from '../config/schema.ts';
import { debianPythons } from '../debian/core-set.ts';
import { type BaseCandidate, baseCandidates, imageCandidate } from '../plan/base-candidates.ts';
import type { BaseRow, BasesReport } from '../plan/bases-report.ts';
import { allowsPython } from '../plan/python.ts';
import { openCache } from '../store/cache.ts';
import { archivePlaceOf } from './base/archive-place.ts';
import { chooseDebianPython } from './base/resolution.ts';
import { slimImageFor } from './base/slim-image.ts';
import { debianRow } from './bases/debian-row.ts';
import { imageRow } from './bases/image-row.ts';
import { imageAdditions, type KnownWheels, ownAdditions, readKnownWheels } from './bases/known-wheels.ts';
import { openSurvey, type Survey } from './bases/survey.ts';
import type { MeteredContext } from './context.ts';
import { ownPlatform } from './pull.ts';
import type { RuledOutPython } from './python/which-python.ts';

export type { BasesReport } from '../plan/bases-report.ts';

export interface BasesOptions {
  /** Further images: `docker://REFERENCE`, a bare reference, or `oci:DIR`. @default those of the configuration */
  readonly named?: readonly string[];
  /** Nothing is looked into that is not known yet. @default false */
  readonly isQuick?: boolean;
}

/** Registries that are asked at once. */
const parallelRows = 6;

/**
 * The bases that the project in `directory` can be built on, side by side, as registries and mirrors have them now. One that does not answer
 * is a row like the others. Throws `TareError` for what is wrong with the project.
 */
export async function bases(
  directory: string,
  inline: InlineConfig,
  options: BasesOptions,
  context: MeteredContext,
): Promise<BasesReport> {
  return withBuildTools(context, openCache(context.cacheDir), async (tools) => {
    const platform = inline.platforms?.[0] ?? ownPlatform(context);
    const survey = await openSurvey(directory, inline, tools, platform);
    const known = await readKnownWheels(survey, directory, inline);
    const composed = await composedRows(survey);
    const choice = await chooseRow(survey, composed);
    const candidates = baseCandidates({
      python: choice.python,
      suites: debianPythons,
      hasStandalone: (await archivePlaceOf(context, survey.wish)) !== undefined,
      named: namedBases(survey, options),
    });
    const rows = await mapLimit(candidates, parallelRows, (one) =>
      rowOf(survey, one, composed, known, options.isQuick === true),
    );
    const wheelsProblem = await problemOf(survey, rows, choice.python);
    return {
      project: survey.facts.name.value,
      platform,
      python: choice.python,
      rows: rows.map((row) => (row.base === choice.label ? withChoice(row, choice.because, known) : row)),
      ...(wheelsProblem === undefined ? {} : { wheelsProblem }),
    };
  });
}

function namedBases({ config }: Survey, { named = [] }: BasesOptions): readonly string[] {
  const { base } = config;
  const own = base !== undefined && /^(?:docker:\/\/|oci:)/.test(base) ? [base] : [];
  return [...own, ...(config.bases ?? []), ...named];
}

/** Those of every suite that the project leaves to choose from, by Python: which one it is follows from them. */
async function composedRows(survey: Survey): Promise<ReadonlyMap<string, BaseRow>> {
  const wanted = survey.wish.python;
  const fitting = debianPythons.filter(({ python }) => wanted === undefined || allowsPython(wanted, python));
  const rows = await mapLimit(fitting, parallelRows, async ({ suite, python }) => {
    const candidate = { kind: 'debian' as const, label: `Debian ${suite}`, suite, python };
    return [python, await composedRow(survey, candidate)] as const;
  });
  return new Map(rows);
}

async function composedRow(survey: Survey, candidate: Extract<BaseCandidate, { kind: 'debian' }>): Promise<BaseRow> {
  try {
    return await debianRow(survey, candidate, { rule: 'compared' });
  } catch (error) {
    survey.tools.context.signal.throwIfAborted();
    if (!isTareError(error)) throw error;
    const state = error.transient || error.code.startsWith('OFFLINE') ? 'unreachable' : 'failed';
    return { base: candidate.label, state, python: candidate.python, note: error.message };
  }
}

interface RowChoice {
  readonly python: string;
  readonly label: string;
  readonly because: Because;
}

/** What a build would take, by the same rules. */
async function chooseRow({ wish, config, tools }: Survey, composed: ReadonlyMap<string, BaseRow>): Promise<RowChoice> {
  const slim = slimImageFor(wish.python);
  const python = wish.python?.minor ?? [...composed.keys()][0] ?? slim?.python ?? debianPythons[0].python;
  const { base, origins } = config;
  if (base !== undefined && base !== 'debian') {
    const label = base === 'standalone' ? base : imageCandidate(base).label;
    return { python, label, because: origins.base ?? { rule: 'configured' } };
  }
  if (composed.size > 0) {
    const ruledOut = [...composed].flatMap(([one, row]) => ruledOutBy(one, row));
    const isLeft = ruledOut.length < composed.size;
    const chosen = chooseDebianPython(wish.python, isLeft ? ruledOut : []);
    return { python: chosen.python, label: `Debian ${chosen.suite}`, because: chosen.because };
  }
  const place = await archivePlaceOf(tools.context, wish);
  if (place !== undefined) return { python, label: 'standalone', because: place.because };
  const rule = `no Debian suite has Python ${python}, and no archive of it is configured`;
  return { python, label: slim?.reference ?? '', because: { ...wish.python?.because, rule } };
}

function ruledOutBy(python: string, { wheels }: BaseRow): readonly RuledOutPython[] {
  const [first, ...others] = wheels?.missing ?? [];
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return [{ python, reason: `${first.name}${more} have no wheel for it: ${first.reason}` }];
}

async function rowOf(
  survey: Survey,
  candidate: BaseCandidate,
  composed: ReadonlyMap<string, BaseRow>,
  known: KnownWheels | undefined,
  isQuick: boolean,
): Promise<BaseRow> {
  switch (candidate.kind) {
    case 'debian':
      return composed.get(candidate.python) ?? composedRow(survey, candidate);
    case 'standalone':
      return { base: candidate.label, state: 'compared', note: '`tare plan --base standalone` says more of it' };
    case 'image': {
      const { row, base } = await imageRow(survey, candidate, isQuick);
      if (base === undefined || known === undefined) return row;
      return { ...row, ...(await imageAdditions(survey, known, base)) };
    }
  }
}

function withChoice(row: BaseRow, chosenBecause: Because, known: KnownWheels | undefined): BaseRow {
  return { ...row, ...(known === undefined ? {} : ownAdditions(known)), chosenBecause };
}

/** Why no row says anything of wheels. */
async function problemOf(survey: Survey, rows: readonly BaseRow[], python: string): Promise<string | undefined> {
  if (rows.some((row) => row.wheels !== undefined)) return undefined;
  const target = { python, glibc: { major: 2, minor: 17 }, architecture: survey.architecture.machine };
  try {
    await survey.compare(target, undefined);
    return undefined;
  } catch (error) {
    survey.tools.context.signal.throwIfAborted();
    if (!isTareError(error)) throw error;
    return error.message;
  }
}
