import type { Fact } from '../../base/because.ts';
import type { Project } from '../project.ts';
import type { TomlDocument } from '../toml-document.ts';
import { type DependencyChoice, type PyprojectFacts, readPyproject } from './pyproject.ts';
import { sameName } from './requirement-text.ts';
import { isTable, tableAt, textsAt } from './toml-reader.ts';

/** `pyproject.toml` with the requirements that setuptools reads from other files (`[tool.setuptools.dynamic]`). */
export async function readManifest(
  project: Project,
  document: TomlDocument,
  choice: DependencyChoice,
): Promise<PyprojectFacts> {
  const dynamic = new Set(textsAt(document, 'project', 'dynamic').map(({ value }) => value));
  const tables = tableAt(document, 'tool', 'setuptools', 'dynamic') ?? {};
  const optional = dynamic.has('optional-dependencies') ? tables['optional-dependencies'] : undefined;
  const groups = isTable(optional) ? optional : {};
  const facts = readPyproject(document, choice, Object.keys(groups));
  const wanted = Object.keys(groups).filter((name) => choice.extras.some((extra) => sameName(extra, name)));
  const sources = [
    ...(dynamic.has('dependencies') ? [tables['dependencies']] : []),
    ...wanted.map((name) => groups[name]),
  ];
  const found = await Promise.all(sources.flatMap(filesOf).map((file) => readRequirements(project, file)));
  return { ...facts, dependencies: [...facts.dependencies, ...found.flat()] };
}

function filesOf(source: unknown): readonly string[] {
  if (!isTable(source)) return [];
  return [source['file']].flat().filter((file) => typeof file === 'string');
}

/** One requirement a line; setuptools allows neither options nor includes there. */
async function readRequirements(project: Project, file: string): Promise<readonly Fact<string>[]> {
  const lines = ((await project.readText(file)) ?? '').split(/\r?\n/);
  return lines.flatMap((line, index) => {
    const value = line.replace(/(?:^|\s)#.*$/, '').trim();
    if (!/^[A-Za-z0-9]/.test(value)) return [];
    return [{ value, because: { file, line: index + 1, rule: '`[tool.setuptools.dynamic]` names the file' } }];
  });
}
