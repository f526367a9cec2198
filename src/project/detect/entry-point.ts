import type { Because } from '../../base/because.ts';
import { compareText } from '../../base/order.ts';
import type { EntryCandidate, EntryKind } from '../facts.ts';
import type { CommandEvidence } from './commands.ts';
import { kindOfServer, type TargetEvidence, targetsOfCalls, targetsOfCommand } from './entry-evidence.ts';
import { type EntrySource, readEntrySources } from './entry-sources.ts';
import { findImportPlace, moduleName } from './import-root.ts';
import type { PythonIndex } from './python-index.ts';
import { bindsName } from './python-syntax.ts';
import { findScripts } from './scripts.ts';

export interface EntryFindings {
  /** Best first. */
  readonly candidates: readonly EntryCandidate[];
  readonly sources: readonly EntrySource[];
}

export interface EntryOptions {
  readonly evidence: readonly CommandEvidence[];
  /** `[tool.fastapi] entrypoint`. */
  readonly configured: readonly CommandEvidence[];
  /** `[project.scripts]`, by name. */
  readonly scripts: ReadonlyMap<string, { readonly target: string; readonly line?: number }>;
  readonly prefersAsgi: boolean;
  /** Whether a source belongs to the distribution that the project is installed as; absent where it is none. */
  readonly isInstalled?: (path: string) => boolean;
}

/** Finds what can be started, in the syntax trees of the sources, and weighs it by what the project says elsewhere. */
export async function findEntryPoints(index: PythonIndex, options: EntryOptions): Promise<EntryFindings> {
  const sources = await readEntrySources(index);
  const primary = sources.filter(({ module }) => !isSecondary(module.path));
  const scripts = new Map([...options.scripts].map(([name, { target }]) => [name, target]));
  const targets = [
    ...options.configured.flatMap((command) => targetsOfCommand(command, index, scripts, sources, 80)),
    ...options.evidence.flatMap((command) => targetsOfCommand(command, index, scripts, sources)),
    ...primary.flatMap((source) => targetsOfCalls(source, index)),
  ];
  const words = [...options.evidence, ...options.configured].flatMap((command) => command.words);
  const named = await collectNamed(targets, sources, index, words);
  const weighAll = (found: readonly EntryCandidate[]): EntryCandidate[] =>
    found.map((one) => weigh(one, targets, options));
  const applications = weighAll(mergeCandidates([...collect(primary, index), ...named]));
  let candidates = applications.filter(({ kind }) => kind !== 'script');
  if (candidates.length === 0)
    candidates = [...applications.map(asScript), ...(await findScripts(index, options, sources, isSecondary))];
  if (candidates.length === 0) candidates = weighAll(collect(sources, index));
  return { candidates: mergeCandidates(candidates).toSorted(byScore), sources };
}

/** An application with a server of its own is started as the script that it is. */
function asScript(candidate: EntryCandidate): EntryCandidate {
  if (candidate.kind !== 'script' || candidate.file === undefined) return candidate;
  const { attribute: _attribute, ...rest } = candidate;
  return { ...rest, module: candidate.file, importRoot: '' };
}

function byScore(left: EntryCandidate, right: EntryCandidate): number {
  return (
    right.score - left.score ||
    compareText(left.file ?? '', right.file ?? '') ||
    compareText(left.attribute ?? '', right.attribute ?? '')
  );
}

/** The first of each place wins. */
function mergeCandidates(candidates: readonly EntryCandidate[]): EntryCandidate[] {
  const merged = new Map<string, EntryCandidate>();
  for (const one of candidates) {
    const key = `${one.file ?? one.module}:${one.attribute ?? (one.file === undefined ? '' : one.module)}`;
    if (!merged.has(key)) merged.set(key, one);
  }
  return [...merged.values()];
}

const secondaryFolder =
  /^(?:tests?|testing|.*[_-]tests?|docs?|documentation|examples?|samples?|demos?|migrations|alembic|scripts|bench(?:marks?)?|tools|tutorials?|notebooks|e2e|fixtures|templates?|node_modules|stubs)$/i;

/** Folders and files whose applications are not what is deployed. */
export function isSecondary(path: string): boolean {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  return (
    parts.some((part) => secondaryFolder.test(part)) ||
    /^(?:conftest|setup|noxfile|test_.*|.*_tests?|tests)\.py$/.test(name)
  );
}

function collect(sources: readonly EntrySource[], index: PythonIndex): EntryCandidate[] {
  const hidden = new Set(sources.flatMap(({ apps, mounted }) => [...apps.uses, ...mounted]));
  return sources.flatMap((source) => {
    const { module, apps } = source;
    const isOpen = (name: string): boolean => !hidden.has(`${module.path}:${name}`);
    const made = [...apps.apps].filter(([name]) => isOpen(name) && !module.imports.has(name));
    const factories = [...apps.factories].filter(
      ([name, { required }]) => isOpen(name) && required === 0 && !/^_/.test(name),
    );
    return [
      ...made.map(([name, app]) => describe(source, index, name, app.kind, app)),
      ...factories.map(([name, app]) => describe(source, index, name, factoryKind(app.kind), app)),
    ];
  });
}

function ruleOf(attribute: string, framework: string, isFactory: boolean): string {
  return isFactory
    ? `\`${attribute}()\` makes a ${framework} application`
    : `\`${attribute}\` is a ${framework} application`;
}

function factoryKind(kind: EntryKind): EntryKind {
  return kind === 'wsgi' || kind === 'django-wsgi' ? 'wsgi-factory' : 'asgi-factory';
}

function describe(
  { module }: EntrySource,
  index: PythonIndex,
  attribute: string,
  kind: EntryKind,
  found: { readonly framework: string; readonly line: number },
): EntryCandidate {
  const place = findImportPlace(index, module);
  const isFactory = kind.endsWith('-factory');
  return {
    kind,
    module: place.module,
    attribute,
    importRoot: place.importRoot,
    file: module.path,
    framework: found.framework,
    because: {
      file: module.path,
      line: found.line,
      rule: ruleOf(attribute, found.framework, isFactory),
    },
    score: baseScore(module.path, attribute, isFactory),
  };
}

function baseScore(path: string, attribute: string, isFactory: boolean): number {
  const name = path.split('/').at(-1) ?? path;
  const depth = path.split('/').length - 1 - (path.startsWith('src/') ? 1 : 0);
  const usual = /^(?:main|app|api|asgi|wsgi|server|application|web)\.py$/.test(name)
    ? 6
    : name === '__init__.py'
      ? 3
      : 0;
  const named =
    /^(?:app|application)$/.test(attribute) || /^(?:create|get|make|build)_app(?:lication)?$/.test(attribute) ? 6 : 0;
  const worker = /celery|worker|tasks?|manage|shell|cli|cron|lambda|debug|dev\b|local/i.test(name) ? 15 : 0;
  return (isFactory ? 85 : 100) + usual + named - worker - 3 * depth;
}

/** What a command or a call names, although the sources do not show that it is an application. */
async function collectNamed(
  targets: readonly TargetEvidence[],
  sources: readonly EntrySource[],
  index: PythonIndex,
  words: readonly string[],
): Promise<EntryCandidate[]> {
  const found: EntryCandidate[] = [];
  for (const target of targets) {
    const source = sources.find(({ module }) => module.path === target.path);
    const value = source?.apps.apps.get(target.attribute) ?? source?.apps.factories.get(target.attribute);
    const module = await index.readModule(target.path);
    // A name that a function only binds for itself cannot be reached from outside.
    if (value === undefined && !bindsName(module, target.attribute)) continue;
    const isFactory = target.isFactory || source?.apps.factories.has(target.attribute) === true;
    const kind =
      value === undefined
        ? kindOfServer(target.server, words, isFactory)
        : isFactory
          ? factoryKind(value.kind)
          : value.kind;
    const place = findImportPlace(index, module);
    const importRoot = place.proofs === 0 && target.importRoot !== undefined ? target.importRoot : place.importRoot;
    const because: Because =
      value === undefined
        ? { ...target.because, rule: `${target.because.rule} names it` }
        : { file: target.path, line: value.line, rule: ruleOf(target.attribute, value.framework, isFactory) };
    found.push({
      kind,
      module: moduleName(target.path, importRoot),
      attribute: target.attribute,
      importRoot,
      file: target.path,
      ...(value === undefined ? {} : { framework: value.framework }),
      because,
      score: baseScore(target.path, target.attribute, isFactory) - (value === undefined ? 20 : 0),
    });
  }
  return found;
}

function weigh(candidate: EntryCandidate, targets: readonly TargetEvidence[], options: EntryOptions): EntryCandidate {
  const matching = targets.filter(
    ({ path, attribute }) => path === candidate.file && attribute === candidate.attribute,
  );
  const best = matching.toSorted((left, right) => right.weight - left.weight)[0];
  const isRegular = candidate.kind === (options.prefersAsgi ? 'django-asgi' : 'django-wsgi');
  const isInstalled = candidate.file !== undefined && options.isInstalled?.(candidate.file) === true;
  const score = candidate.score + (best?.weight ?? 0) + (isRegular ? 5 : 0) + (isInstalled ? 20 : 0);
  if (best === undefined) return { ...candidate, score };
  const where = best.because.line === undefined ? best.because.file : `${best.because.file}:${best.because.line}`;
  const rule =
    candidate.because.file === best.because.file && candidate.because.line === best.because.line
      ? candidate.because.rule
      : `${candidate.because.rule}; ${best.because.rule} (${where}) names it`;
  return { ...candidate, because: { ...candidate.because, rule }, score };
}
