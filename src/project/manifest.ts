import type { Fact } from '../base/because.ts';
import { TareError } from '../base/errors.ts';
import { findDistribution, installedSources } from './detect/distribution.ts';
import { readSettingsModule, wantsAsgi } from './detect/django.ts';
import { readDockerfile } from './detect/dockerfile.ts';
import { findEntryPoints, isSecondary } from './detect/entry-point.ts';
import { readServingModules } from './detect/entry-sources.ts';
import { formatCandidate, resolveExplicit } from './detect/explicit.ts';
import { findFolders } from './detect/folders.ts';
import { findHealth } from './detect/health.ts';
import { findLock } from './detect/locks.ts';
import { type PipfileFacts, readPipfile } from './detect/pipfile.ts';
import { findPort } from './detect/port.ts';
import { readManifest } from './detect/dynamic-dependencies.ts';
import { readProcfile } from './detect/procfile.ts';
import type { PyprojectFacts } from './detect/pyproject.ts';
import { findNativeCalls } from './detect/native-calls.ts';
import { makePythonIndex, type PythonIndex } from './detect/python-index.ts';
import { findPython, parsePythonWish } from './detect/python-version.ts';
import { normaliseName } from './detect/requirement-text.ts';
import { namesInRequirements } from './detect/requirements.ts';
import { findSourceNeeds } from './detect/source-needs.ts';
import type { EntryCandidate, LockFact, ProjectFacts, ProjectWarning, PythonFact } from './facts.ts';
import type { Project } from './project.ts';

/** Why a project is called as it is, where nothing says its name. */
export const folderNameRule = 'the name of the folder';

export interface DetectOptions {
  readonly extras?: readonly string[];
  readonly groups?: readonly string[];
  /** `pkg.mod:app`, `pkg.mod:create_app()`, `pkg.mod`, a console script or the path of a script. */
  readonly entryPoint?: string;
  /** `[tool.tare]` name, version, python and port. */
  readonly name?: string;
  readonly version?: string;
  readonly python?: string;
  readonly port?: number;
  /** Looks for the sources that must stay sources, which reads more of them. */
  readonly sourceNeeds?: boolean;
}

/**
 * Finds out what a project is, without running anything of it. Throws `PROJECT_NOT_FOUND`, `TOML_INVALID`, `MANIFEST_INVALID`, `EXTRA_UNKNOWN`,
 * `GROUP_UNKNOWN`, `PROJECT_VERSION_DYNAMIC`, `ENTRY_POINT_NOT_FOUND`; which entry point is the one is left to `resolveEntryPoint`.
 */
export async function detectProject(project: Project, options: DetectOptions = {}): Promise<ProjectFacts> {
  const document = await project.readToml('pyproject.toml');
  const choice = { extras: options.extras ?? [], groups: options.groups ?? [] };
  const pyproject = document === undefined ? undefined : await readManifest(project, document, choice);
  const pipfile = await readPipfileOf(project);
  const index = makePythonIndex(project);
  await assertPythonProject(project, index);
  const manifest = withPipfile(pyproject, pipfile);
  const { lock, unread } = await findLock(project, manifest);
  const python = (await findPython(project, pyproject, options.python)) ?? pipfilePython(pipfile);
  const distribution = await findDistribution(project, document, pyproject, options);
  const isInstalled = installedSources(distribution.distribution);
  const entry = await findEntry(project, index, { lock, manifest, pyproject, options, isInstalled });
  const version =
    options.version === undefined
      ? pyproject?.version
      : { value: options.version, because: { rule: '`version` of the configuration' } };
  const shownVersion = version ?? versionOf(distribution.distribution);
  return {
    name: nameOf(project, pyproject, options),
    ...(shownVersion === undefined ? {} : { version: shownVersion }),
    ...(pyproject?.description === undefined ? {} : { description: pyproject.description }),
    lock: withPipfileName(lock, pyproject, pipfile),
    unreadLocks: unread,
    dependencies: manifest?.dependencies ?? [],
    extras: pyproject?.extras ?? [],
    groups: pyproject?.groups ?? [],
    ...(python === undefined ? {} : { python }),
    ...entry,
    nativeCalls: await findNativeCalls(index),
    sourceNeeds: options.sourceNeeds === true ? await findSourceNeeds(project, index) : [],
    ...(distribution.distribution === undefined ? {} : { distribution: distribution.distribution }),
    warnings: [...unreadWarnings(lock, unread), ...distribution.warnings],
  };
}

async function readPipfileOf(project: Project): Promise<PipfileFacts | undefined> {
  const document = await project.readToml('Pipfile');
  return document === undefined ? undefined : readPipfile(document);
}

const lookedFor =
  'pyproject.toml, uv.lock, pylock.toml, requirements.txt, Pipfile, setup.py, setup.cfg or a Python source';

async function assertPythonProject(project: Project, index: PythonIndex): Promise<void> {
  if (index.paths.length > 0) return;
  for (const name of [
    'pyproject.toml',
    'uv.lock',
    'pylock.toml',
    'requirements.txt',
    'Pipfile',
    'setup.py',
    'setup.cfg',
  ]) {
    if ((await project.readText(name)) !== undefined) return;
  }
  throw new TareError({
    code: 'PROJECT_NOT_FOUND',
    message: `no Python project in \`${project.root}\``,
    expected: lookedFor,
    actual: project.files.length === 0 ? 'no files' : `${project.files.length} other files`,
    hint: 'name the folder of the application: `tare build DIR`',
  });
}

type Manifest = Pick<PyprojectFacts, 'dependencies'>;

function withPipfile<T extends PyprojectFacts>(
  pyproject: T | undefined,
  pipfile: PipfileFacts | undefined,
): PyprojectFacts | undefined {
  if (pipfile === undefined || pyproject?.declaresDependencies === true) return pyproject;
  const nothing: PyprojectFacts = {
    declaresDependencies: false,
    dependencies: [],
    extras: [],
    groups: [],
    scripts: new Map(),
  };
  return { ...(pyproject ?? nothing), dependencies: pipfile.dependencies };
}

function withPipfileName(
  lock: LockFact,
  pyproject: PyprojectFacts | undefined,
  pipfile: PipfileFacts | undefined,
): LockFact {
  const isPipfile = lock.kind === 'manifest' && pipfile !== undefined && pyproject?.declaresDependencies !== true;
  return isPipfile ? { ...lock, file: 'Pipfile' } : lock;
}

function pipfilePython(pipfile: PipfileFacts | undefined): PythonFact | undefined {
  if (pipfile?.python === undefined) return undefined;
  return parsePythonWish(pipfile.python.value, { ...pipfile.python.because, rule: '`[requires]` of the Pipfile' });
}

function nameOf(project: Project, pyproject: PyprojectFacts | undefined, options: DetectOptions): Fact<string> {
  if (options.name !== undefined)
    return { value: normaliseName(options.name), because: { rule: '`name` of the configuration' } };
  if (pyproject?.name !== undefined)
    return { value: normaliseName(pyproject.name.value), because: pyproject.name.because };
  const folder = project.root.split(/[\\/]/).at(-1) ?? '';
  const cleaned = normaliseName(folder.replaceAll(/[^A-Za-z0-9._-]+/g, '-')).replaceAll(/^-+|-+$/g, '');
  return { value: cleaned === '' ? 'app' : cleaned, because: { rule: folderNameRule } };
}

function versionOf(distribution: ProjectFacts['distribution']): Fact<string> | undefined {
  return distribution === undefined ? undefined : { value: distribution.version, because: distribution.because };
}

function unreadWarnings(lock: LockFact, unread: readonly Fact<string>[]): readonly ProjectWarning[] {
  if (lock.kind !== 'manifest' && lock.kind !== 'none') return [];
  return unread.map(({ value, because }) => ({
    code: 'LOCK_NOT_READ',
    message: `\`${value}\` is ${because.rule}: the dependencies of the manifest are resolved anew`,
    hint: 'write a lock that tare reads: `uv lock`, or export a requirements.txt with hashes',
    because,
  }));
}

interface EntryInputs {
  readonly lock: LockFact;
  readonly manifest: Manifest | undefined;
  readonly pyproject: PyprojectFacts | undefined;
  readonly options: DetectOptions;
  readonly isInstalled: ((path: string) => boolean) | undefined;
}

type EntryFacts = Pick<ProjectFacts, 'candidates' | 'explicitEntryPoint' | 'port' | 'health' | 'folders' | 'processes'>;

/** The entry point and what hangs on the sources: port, health path, folders. */
async function findEntry(project: Project, index: PythonIndex, inputs: EntryInputs): Promise<EntryFacts> {
  const { pyproject, options } = inputs;
  const procfile = await readProcfile(project);
  const dockerfile = await readDockerfile(project);
  const scripts = pyproject?.scripts ?? new Map();
  const evidence = [...procfile.evidence, ...dockerfile.evidence];
  const found = await findEntryPoints(index, {
    evidence,
    configured: configuredEvidence(pyproject),
    scripts,
    prefersAsgi: await prefersAsgi(project, index, inputs),
    ...(inputs.isInstalled === undefined ? {} : { isInstalled: inputs.isInstalled }),
  });
  const explicit =
    options.entryPoint === undefined
      ? undefined
      : await resolveExplicit(options.entryPoint, index, found.candidates, scripts);
  const modules = await readServingModules(index, isSecondary);
  const health = findHealth(found.sources, modules, index);
  const port = findPort({
    evidence,
    exposed: dockerfile.ports,
    entry: explicit ?? found.candidates[0],
    sources: found.sources.filter(({ module }) => !isSecondary(module.path)),
    modules,
    ...(options.port === undefined ? {} : { configured: options.port }),
  });
  return {
    candidates: found.candidates,
    ...(explicit === undefined ? {} : { explicitEntryPoint: explicit }),
    port,
    ...(health === undefined ? {} : { health }),
    folders: findFolders(project, modules),
    processes: procfile.processes,
  };
}

function configuredEvidence(
  pyproject: PyprojectFacts | undefined,
): Parameters<typeof findEntryPoints>[1]['configured'] {
  if (pyproject?.fastapiEntrypoint === undefined) return [];
  const { value, because } = pyproject.fastapiEntrypoint;
  return [{ because, words: ['fastapi'], program: 'fastapi', target: value, isFactory: false }];
}

async function prefersAsgi(project: Project, index: PythonIndex, inputs: EntryInputs): Promise<boolean> {
  const manage = index.paths.find((path) => path === 'manage.py' || path.endsWith('/manage.py'));
  if (manage === undefined) return false;
  const settings = readSettingsModule(await index.readText(manage))?.module;
  const folder = manage.slice(0, Math.max(0, manage.lastIndexOf('/')));
  const path =
    settings === undefined ? undefined : (index.resolveIn(folder, settings) ?? index.resolveIn('', settings));
  const text = path === undefined ? '' : await index.readText(path);
  const { lock, manifest } = inputs;
  const listed =
    lock.kind === 'requirements' ? namesInRequirements((await project.readText(lock.file ?? '')) ?? '') : [];
  return wantsAsgi([...(manifest?.dependencies.map(({ value }) => value) ?? []), ...listed], text);
}

/** Two candidates closer than this are equally good. */
const decidingLead = 3;
const mostListed = 8;

/** The one entry point. Throws `ENTRY_POINT_AMBIGUOUS` (they are listed) or `ENTRY_POINT_MISSING`. */
export function resolveEntryPoint(facts: Pick<ProjectFacts, 'candidates' | 'explicitEntryPoint'>): EntryCandidate {
  if (facts.explicitEntryPoint !== undefined) return facts.explicitEntryPoint;
  const [best] = facts.candidates;
  if (best === undefined) {
    throw new TareError({
      code: 'ENTRY_POINT_MISSING',
      message: 'no entry point was found: no ASGI or WSGI application, no Django project, no console script',
      expected: 'a module with `app = FastAPI()` or the like',
      hint: 'name it: `--entrypoint pkg.mod:app`, or a command: `[tool.tare] command = ["python", "main.py"]`',
    });
  }
  const equals = facts.candidates.filter(({ score }) => best.score - score < decidingLead);
  if (equals.length === 1) return best;
  const listed = equals.slice(0, mostListed).map(formatCandidate);
  if (equals.length > mostListed) listed.push(`${equals.length - mostListed} more`);
  throw new TareError({
    code: 'ENTRY_POINT_AMBIGUOUS',
    message: `several entry points are equally good: ${listed.join(', ')}`,
    expected: 'one',
    actual: String(equals.length),
    hint: `name one: \`--entrypoint ${best.attribute === undefined ? best.module : `${best.module}:${best.attribute}`}\``,
  });
}
