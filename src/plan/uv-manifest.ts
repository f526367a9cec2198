import type { Project } from '../project/project.ts';
import { expandDependencyGroups } from '../python/dependency-groups.ts';
import type { UvLockManifest } from '../python/uv-lock.ts';

/** The parts of `[project]` that `uv.lock` repeats; undefined where there is no `[project]` with a name. */
export async function readUvManifest(project: Project): Promise<UvLockManifest | undefined> {
  const document = await project.readToml('pyproject.toml');
  const table = asTable(document?.root['project']);
  const name = table['name'];
  if (typeof name !== 'string') return undefined;
  const requiresPython = table['requires-python'];
  const optional = Object.entries(asTable(table['optional-dependencies'])).map(
    ([extra, list]) => [extra, asTexts(list)] as const,
  );
  const groups = asTable(document?.root['dependency-groups']);
  return {
    name,
    ...(typeof requiresPython === 'string' ? { requiresPython } : {}),
    dependencies: asTexts(table['dependencies']),
    optionalDependencies: Object.fromEntries(optional),
    dependencyGroups: expandDependencyGroups(groups, 'pyproject.toml'),
  };
}

function asTable(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
