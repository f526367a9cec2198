import { mapLimit } from '../../base/concurrency.ts';
import { compareText } from '../../base/order.ts';
import type { Project } from '../project.ts';
import type { PythonIndex } from './python-index.ts';
import { findAlembicRevisions, findOtherRevisions } from './source-needs/alembic.ts';
import { type DocstringCarrier, findDocstrings, mentionsDocstrings } from './source-needs/attribute-docstrings.ts';
import { findListedSources, mentionsListing } from './source-needs/folder-listings.ts';
import type { ModuleView } from './source-needs/module-view.ts';
import { makeViewReader, type ViewReader } from './source-needs/module-views.ts';
import { findNamedSources, mentionsPath } from './source-needs/named-paths.ts';
import { findReadSources } from './source-needs/read-sources.ts';
import type { SourceNeed } from './source-needs/source-need.ts';
import { mentionsReader } from './source-needs/source-readers.data.ts';
import { findWrittenCommands } from './source-needs/written-commands.ts';

export { sourcesNamedBy } from './source-needs/named-commands.ts';
export type { SourceNeed, SourceNeedKind } from './source-needs/source-need.ts';

const mostSources = 5000;
const mostNeeds = 20_000;
/** Sources that nothing runs in an image: what they read says nothing of the application. */
const notRun = /(?:^|\/)(?:tests?|testing|docs?)\/|(?:^|\/)(?:conftest|setup|noxfile|test_[^/]*|[^/]*_test)\.py$/;

/**
 * The sources of an application that must stay sources where it is delivered as bytecode, with what reads them; sorted by path. Found in
 * the syntax trees and in the files that hold commands; nothing is executed. Sources that are no Python say nothing. The commands of the
 * image are judged by `sourcesNamedBy`.
 */
export async function findSourceNeeds(project: Project, index: PythonIndex): Promise<readonly SourceNeed[]> {
  const paths = index.paths.filter((path) => !notRun.test(path)).slice(0, mostSources);
  await mapLimit(paths, 32, index.readText);
  const views = makeViewReader(index);
  const chosen: ModuleView[] = [];
  for (const path of paths) if (isOfInterest(await index.readText(path))) chosen.push(await views.read(path));
  for (const view of chosen) await views.readImported(view);
  const needs = [
    ...(await findAlembicRevisions(project, index)),
    ...(await findOtherRevisions(index)),
    ...chosen.flatMap(findListedSources),
    ...chosen.flatMap(findNamedSources),
    ...(await findReadSources(chosen, paths, views)),
    ...(await findDescribedClasses(chosen, paths, views)),
    ...(await findPages(index)),
    ...(await findWrittenCommands(project, index)),
  ];
  return sortNeeds(needs.filter(({ path }) => index.has(path)));
}

function isOfInterest(text: string): boolean {
  return mentionsListing(text) || mentionsPath(text) || mentionsReader.test(text) || mentionsDocstrings.test(text);
}

/** Classes whose fields pydantic describes by the texts below them, and those that inherit from them in other modules. */
async function findDescribedClasses(
  chosen: readonly ModuleView[],
  paths: readonly string[],
  views: ViewReader,
): Promise<readonly SourceNeed[]> {
  const needs = new Map<string, SourceNeed>();
  const carriers = new Map<string, DocstringCarrier>();
  let round: readonly ModuleView[] = chosen.filter(({ module }) => mentionsDocstrings.test(module.text));
  for (let depth = 0; depth < 5 && round.length > 0; depth += 1) {
    const fresh: DocstringCarrier[] = [];
    for (const view of round) {
      const found = findDocstrings(view, [...carriers.values()]);
      for (const need of found.needs) needs.set(`${need.path}:${need.because.line}`, need);
      for (const one of found.carriers) {
        const key = `${one.path}:${one.name}`;
        if (!carriers.has(key)) fresh.push(one);
        carriers.set(key, one);
      }
    }
    round = fresh.length === 0 ? [] : await views.readMentioning(paths, fresh);
  }
  return [...needs.values()];
}

/** Streamlit takes every `pages/*.py` beside the script that it runs as a page, and executes it under its path. */
async function findPages(index: PythonIndex): Promise<readonly SourceNeed[]> {
  const needs: SourceNeed[] = [];
  const pages = index.paths.filter((path) => /(?:^|\/)pages\/[^/]+\.py$/.test(path));
  for (const path of pages) {
    const folder = path.split('/').slice(0, -2).join('/');
    const beside = index.paths.filter((other) => other.split('/').slice(0, -1).join('/') === folder);
    for (const file of beside) {
      const found = /^[ \t]*(?:import|from)[ \t]+streamlit\b/m.exec(await index.readText(file));
      if (found === null) continue;
      const line = (await index.readText(file)).slice(0, found.index).split('\n').length;
      needs.push({
        path,
        kind: 'streamlit',
        because: { file, line, rule: 'Streamlit looks for pages in `pages/*.py`' },
      });
      break;
    }
  }
  return needs;
}

/** Each reason once, by path, then by where the reason stands. */
function sortNeeds(needs: readonly SourceNeed[]): readonly SourceNeed[] {
  const once = new Map<string, SourceNeed>();
  for (const need of needs) {
    const { file = '', line = 0, rule } = need.because;
    const key = [need.path, file, String(line).padStart(9, '0'), need.kind, rule].join('\n');
    if (!once.has(key)) once.set(key, need);
  }
  return [...once]
    .toSorted(([left], [right]) => compareText(left, right))
    .map(([, need]) => need)
    .slice(0, mostNeeds);
}
