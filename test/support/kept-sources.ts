import { makePythonIndex } from '../../src/project/detect/python-index.ts';
import { findSourceNeeds, type SourceNeed } from '../../src/project/detect/source-needs.ts';
import { makeMemoryProject } from '../../src/project/memory-project.ts';

export async function needsIn(files: Readonly<Record<string, string>>): Promise<readonly SourceNeed[]> {
  const project = makeMemoryProject(files);
  return await findSourceNeeds(project, makePythonIndex(project));
}

/** `kind path` of what must stay, and `?` where a person should look; each once. */
export async function keptIn(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const needs = await needsIn(files);
  return [...new Set(needs.map(({ kind, path, isUncertain }) => `${kind} ${path}${isUncertain === true ? ' ?' : ''}`))];
}
