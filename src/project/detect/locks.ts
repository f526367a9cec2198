import type { Fact } from '../../base/because.ts';
import { compareText } from '../../base/order.ts';
import type { LockFact } from '../facts.ts';
import type { Project } from '../project.ts';
import type { PyprojectFacts } from './pyproject.ts';
import { findRequirements } from './requirements.ts';

export interface LockFindings {
  readonly lock: LockFact;
  readonly unread: readonly Fact<string>[];
}

const unreadLocks: readonly (readonly [string, string])[] = [
  ['poetry.lock', 'Poetry'],
  ['pdm.lock', 'PDM'],
  ['Pipfile.lock', 'Pipenv'],
];

/** Chooses what says which versions are installed: `uv.lock`, `pylock.toml`, a requirements file, else the manifest. */
export async function findLock(project: Project, pyproject: PyprojectFacts | undefined): Promise<LockFindings> {
  const unread: Fact<string>[] = [];
  for (const [file, tool] of unreadLocks) {
    if ((await project.readText(file)) === undefined) continue;
    unread.push({ value: file, because: { file, rule: `a lock of ${tool}, which tare does not read` } });
  }
  return { lock: await chooseLock(project, pyproject), unread };
}

async function chooseLock(project: Project, pyproject: PyprojectFacts | undefined): Promise<LockFact> {
  if ((await project.readText('uv.lock')) !== undefined)
    return { kind: 'uv', file: 'uv.lock', because: { file: 'uv.lock', rule: 'the lock of uv' } };
  const pylock = await findPylock(project);
  if (pylock !== undefined)
    return { kind: 'pylock', file: pylock, because: { file: pylock, rule: 'a lock file as PEP 751 has it' } };
  const requirements = await findRequirements(project);
  // A list beside a `[project]` with dependencies of its own is a lock only where it is the usual one.
  const isUsual = requirements === 'requirements.txt' || requirements === 'requirements.lock';
  if (requirements !== undefined && (isUsual || (pyproject?.dependencies.length ?? 0) === 0)) {
    return { kind: 'requirements', file: requirements, because: { file: requirements, rule: 'the requirements file' } };
  }
  if (pyproject !== undefined && pyproject.dependencies.length > 0) {
    return {
      kind: 'manifest',
      file: 'pyproject.toml',
      because: {
        ...pyproject.dependencies[0]?.because,
        rule: 'no lock: the dependencies of the manifest are resolved',
      },
    };
  }
  return { kind: 'none', because: { rule: 'no dependencies were found' } };
}

async function findPylock(project: Project): Promise<string | undefined> {
  const known = [...project.files.map(({ path }) => path), ...project.leftOut.map(({ path }) => path)];
  const named = known.filter((path) => /^pylock\.[^./]+\.toml$/.test(path)).toSorted(compareText);
  for (const file of ['pylock.toml', ...named]) if ((await project.readText(file)) !== undefined) return file;
  return undefined;
}
