import type { Because } from '../base/because.ts';
import { TareError } from '../base/errors.ts';
import type { ProjectFacts } from '../project/facts.ts';
import type { Project } from '../project/project.ts';
import type { LockedDistribution } from '../python/locked.ts';
import type { MarkerEnvironment } from '../python/marker.ts';
import { parsePylock, selectFromPylock } from '../python/pylock.ts';
import { isPinnedAndHashed, type RequirementsFile, readRequirementsFile } from '../python/requirements-file.ts';
import { parseUvLock, selectFromUvLock, uvLockMatches } from '../python/uv-lock.ts';
import { findOpenRequirements } from './closed-set.ts';
import { readUvManifest } from './uv-manifest.ts';
import { readUvSettings, uvVariables } from './uv-settings.ts';

export interface LockSelection {
  readonly environment: MarkerEnvironment;
  readonly extras: readonly string[];
  readonly groups: readonly string[];
}

/** What the project's own files say of its dependencies: a lock, or requirements that are still to be resolved. */
export type DependencySource =
  | { readonly kind: 'locked'; readonly distributions: readonly LockedDistribution[]; readonly because: Because }
  /** Pinned and hashed line by line; a lock only if nothing that its wheels need is missing. */
  | ({ readonly kind: 'pinned'; readonly distributions: readonly LockedDistribution[] } & Unresolved)
  | ({ readonly kind: 'unresolved' } & Unresolved);

interface Unresolved {
  readonly requirements: string;
  readonly constraints: string;
  readonly because: Because;
}

/** Index settings that a requirements file carries. */
export interface RequirementsIndexes {
  readonly indexUrl?: string;
  readonly extraIndexUrls: readonly string[];
  readonly findLinks: readonly string[];
  /** Packages that must not be built from source: names, `:all:`, `:none:`. */
  readonly onlyBinary?: readonly string[];
}

export interface Dependencies {
  readonly indexes: RequirementsIndexes;
  /** Everything that the answer depends on, as text: for cache keys. */
  readonly fingerprint: string;
  /** What is asked for, without addresses of indexes, where no lock says it: what a lock of the image compares. */
  readonly question?: string;
  /** What the project tells uv of how to resolve that. */
  readonly uvSettings?: string;
  readonly select: (selection: LockSelection) => DependencySource;
}

const noIndexes: RequirementsIndexes = { extraIndexUrls: [], findLinks: [] };

/** Reads the lock or manifest once; `select` then answers for each target. */
export async function readDependencies(
  project: Project,
  facts: ProjectFacts,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Dependencies> {
  const dependencies = await readAsked(project, facts, env);
  if (dependencies.question === undefined) return dependencies;
  // What is not resolved yet is resolved by uv, which has settings of its own.
  const settings = await readUvSettings(project);
  const variables = uvVariables(env);
  return {
    ...dependencies,
    ...(settings === undefined ? {} : { uvSettings: settings }),
    fingerprint: [dependencies.fingerprint, settings, variables].filter((one) => one !== undefined).join('\n'),
  };
}

async function readAsked(
  project: Project,
  facts: ProjectFacts,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Dependencies> {
  const { lock } = facts;
  const file = lock.file ?? '';
  switch (lock.kind) {
    case 'uv': {
      const text = await requireText(project, file);
      const uvLock = parseUvLock(text, file);
      const manifest = await readUvManifest(project);
      const mismatch = manifest === undefined ? undefined : uvLockMatches(uvLock, manifest);
      if (mismatch !== undefined) throw staleLock(file, mismatch);
      const root = manifest === undefined ? {} : { root: manifest.name };
      return locked(text, lock.because, (selection) => selectFromUvLock(uvLock, { ...root, ...selection }));
    }
    case 'pylock': {
      const text = await requireText(project, file);
      const pylock = parsePylock(text, file);
      return locked(text, lock.because, (selection) => selectFromPylock(pylock, selection));
    }
    case 'requirements':
      return fromRequirements(await readRequirementsFile(project.readText, file, env), facts, lock.because);
    case 'manifest':
    case 'none': {
      const requirements = facts.dependencies.map((fact) => fact.value).join('\n');
      if (requirements === '') return locked('', lock.because, () => []);
      return {
        indexes: noIndexes,
        fingerprint: requirements,
        question: requirements,
        select: () => ({ kind: 'unresolved', requirements, constraints: '', because: lock.because }),
      };
    }
  }
}

function fromRequirements(file: RequirementsFile, facts: ProjectFacts, because: Because): Dependencies {
  const { options } = file;
  // Installed as a distribution, the project needs what its own metadata says, whatever the file leaves out.
  const own = facts.distribution === undefined ? [] : facts.dependencies.map((one) => one.value);
  const listed = file.requirements.flatMap((line) => {
    // `-e .` and `.` mean the project itself: what it needs stands in its manifest.
    if (line.requirement === undefined && isProjectItself(line.location))
      return facts.dependencies.map((one) => one.value);
    return [line.text];
  });
  const requirements = [...listed, ...own.filter((text) => !listed.includes(text))];
  const constraints = file.constraints.map((line) => line.text);
  return {
    indexes: {
      ...(options.indexUrl === undefined ? {} : { indexUrl: options.indexUrl }),
      extraIndexUrls: options.extraIndexUrls,
      findLinks: options.findLinks,
      onlyBinary: options.onlyBinary,
    },
    question: JSON.stringify([
      requirements,
      file.requirements.map((line) => line.hashes),
      constraints,
      [options.noBinary, options.onlyBinary, options.pre, options.preferBinary],
    ]),
    fingerprint: JSON.stringify([
      file.requirements.map((line) => [line.text, line.hashes]),
      file.constraints.map((line) => line.text),
      options,
      ...(own.length === 0 ? [] : [own]),
    ]),
    select: (selection) => {
      const pinned = isPinnedAndHashed(file, selection.environment);
      const texts = { requirements: requirements.join('\n'), constraints: constraints.join('\n') };
      if (!pinned.pinned) {
        const rule = `${pinned.because.rule}, so the file is not a lock`;
        return { kind: 'unresolved', ...texts, because: { ...pinned.because, rule } };
      }
      const { distributions } = pinned;
      const missing = missingOwn(facts.name.value, own, distributions, selection.environment);
      if (missing === undefined) return { kind: 'pinned', distributions, ...texts, because };
      const rule = `the project needs \`${missing}\`, which the file does not have, so it is no lock`;
      return { kind: 'unresolved', ...texts, because: { ...because, rule } };
    },
  };
}

/** The first requirement of the project itself that the pinned set leaves out. */
function missingOwn(
  project: string,
  own: readonly string[],
  distributions: readonly LockedDistribution[],
  environment: MarkerEnvironment,
): string | undefined {
  const pinned = distributions.map(({ name }) => ({ name, extras: [], requiresDist: undefined }));
  const self = { name: project, extras: [], requiresDist: own };
  return findOpenRequirements([self, ...pinned], environment)[0]?.name;
}

function isProjectItself(location: string | undefined): boolean {
  return location === '.' || location === './' || location === '';
}

function locked(
  fingerprint: string,
  because: Because,
  select: (selection: LockSelection) => readonly LockedDistribution[],
): Dependencies {
  return {
    indexes: noIndexes,
    fingerprint,
    select: (selection) => ({ kind: 'locked', distributions: select(selection), because }),
  };
}

async function requireText(project: Project, path: string): Promise<string> {
  const text = await project.readText(path);
  if (text === undefined)
    throw new TareError({ code: 'LOCK_UNREADABLE', message: `\`${path}\` cannot be read`, where: path });
  return text;
}

function staleLock(file: string, mismatch: string): TareError {
  return new TareError({
    code: 'LOCK_STALE',
    message: `\`${file}\` does not match \`pyproject.toml\`: ${mismatch}`,
    where: file,
    hint: 'run `uv lock` and commit the result',
  });
}
