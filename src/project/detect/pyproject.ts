import type { Fact } from '../../base/because.ts';
import { TareError } from '../../base/errors.ts';
import type { TomlDocument } from '../toml-document.ts';
import { readPoetryDependencies } from './poetry.ts';
import { requirementExtras, requirementName, sameName } from './requirement-text.ts';
import { because, factAt, isTable, tableAt, textAt, textsAt, titleOf, valueAt } from './toml-reader.ts';

export interface DependencyChoice {
  readonly extras: readonly string[];
  readonly groups: readonly string[];
}

export interface PyprojectFacts {
  readonly name?: Fact<string>;
  readonly version?: Fact<string>;
  readonly description?: Fact<string>;
  /** True where there is a `[project]` or `[tool.poetry]` table: the dependencies are this file's to say. */
  readonly declaresDependencies: boolean;
  readonly dependencies: readonly Fact<string>[];
  readonly extras: readonly string[];
  readonly groups: readonly string[];
  readonly requiresPython?: Fact<string>;
  readonly poetryPython?: Fact<string>;
  /** Console scripts by name. */
  readonly scripts: ReadonlyMap<string, { readonly target: string; readonly line?: number }>;
  readonly fastapiEntrypoint?: Fact<string>;
}

/** Reads `pyproject.toml` (PEP 621, PEP 735, `[tool.poetry]`). */
export function readPyproject(
  document: TomlDocument,
  choice: DependencyChoice,
  dynamicExtras: readonly string[] = [],
): PyprojectFacts {
  const extras = [...listExtras(document), ...dynamicExtras];
  const groups = listGroups(document);
  assertKnown(document, 'extra', choice.extras, extras);
  assertKnown(document, 'group', choice.groups, groups);
  const name = factAt(document, 'project', 'name') ?? factAt(document, 'tool', 'poetry', 'name');
  const version = factAt(document, 'project', 'version') ?? factAt(document, 'tool', 'poetry', 'version');
  const description = factAt(document, 'project', 'description') ?? factAt(document, 'tool', 'poetry', 'description');
  const requiresPython = factAt(document, 'project', 'requires-python');
  const poetryPython =
    typeof valueAt(document, 'tool', 'poetry', 'dependencies', 'python') === 'string'
      ? factAt(document, 'tool', 'poetry', 'dependencies', 'python')
      : undefined;
  const fastapiEntrypoint = factAt(document, 'tool', 'fastapi', 'entrypoint');
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
    declaresDependencies:
      tableAt(document, 'project') !== undefined || tableAt(document, 'tool', 'poetry', 'dependencies') !== undefined,
    dependencies: readDependencies(document, choice),
    extras,
    groups,
    ...(requiresPython === undefined ? {} : { requiresPython }),
    ...(poetryPython === undefined ? {} : { poetryPython }),
    scripts: readScripts(document),
    ...(fastapiEntrypoint === undefined ? {} : { fastapiEntrypoint }),
  };
}

function listExtras(document: TomlDocument): readonly string[] {
  return [...keysOf(document, 'project', 'optional-dependencies'), ...keysOf(document, 'tool', 'poetry', 'extras')];
}

function listGroups(document: TomlDocument): readonly string[] {
  const legacy = tableAt(document, 'tool', 'poetry', 'dev-dependencies') === undefined ? [] : ['dev'];
  return [
    ...new Set([...keysOf(document, 'dependency-groups'), ...keysOf(document, 'tool', 'poetry', 'group'), ...legacy]),
  ];
}

function keysOf(document: TomlDocument, ...path: readonly string[]): readonly string[] {
  return Object.keys(tableAt(document, ...path) ?? {});
}

function assertKnown(
  document: TomlDocument,
  kind: 'extra' | 'group',
  wanted: readonly string[],
  known: readonly string[],
): void {
  for (const name of wanted) {
    if (known.some((one) => sameName(one, name))) continue;
    throw new TareError({
      code: kind === 'extra' ? 'EXTRA_UNKNOWN' : 'GROUP_UNKNOWN',
      message: `the project has no ${kind} \`${name}\``,
      where: document.file,
      expected: known.length === 0 ? `no ${kind}: it declares none` : known.join(', '),
      actual: name,
      hint: `name one that is there, or leave \`--${kind}\` out`,
    });
  }
}

function readDependencies(document: TomlDocument, choice: DependencyChoice): readonly Fact<string>[] {
  const wantsExtra = (name: string): boolean => choice.extras.some((one) => sameName(one, name));
  const found = [...textsAt(document, 'project', 'dependencies')];
  const seen = new Set<string>();
  for (const extra of choice.extras) found.push(...readExtra(document, extra, seen));
  if (
    tableAt(document, 'project', 'optional-dependencies') === undefined ||
    tableAt(document, 'project') === undefined
  ) {
    const optional = new Set(
      keysOf(document, 'tool', 'poetry', 'extras')
        .filter(wantsExtra)
        .flatMap((extra) =>
          textsAt(document, 'tool', 'poetry', 'extras', extra).map(({ value }) => requirementName(value) ?? value),
        ),
    );
    if (valueAt(document, 'project', 'dependencies') === undefined) {
      found.push(
        ...readPoetryDependencies(document, ['tool', 'poetry', 'dependencies'], (name) =>
          optional.has(requirementName(name) ?? name),
        ),
      );
    }
  }
  for (const group of choice.groups) found.push(...readGroup(document, group, []));
  return found;
}

/** An extra may name other extras of the project itself: `hello[fast]`. */
function readExtra(document: TomlDocument, extra: string, seen: Set<string>): readonly Fact<string>[] {
  const key = keysOf(document, 'project', 'optional-dependencies').find((one) => sameName(one, extra));
  if (key === undefined || seen.has(key)) return [];
  seen.add(key);
  const own = requirementName(textAt(document, 'project', 'name') ?? '');
  return textsAt(document, 'project', 'optional-dependencies', key).flatMap((fact) => {
    if (own === undefined || requirementName(fact.value) !== own) return [fact];
    return requirementExtras(fact.value).flatMap((inner) => readExtra(document, inner, seen));
  });
}

/** A dependency group with the groups that it includes (PEP 735). */
function readGroup(document: TomlDocument, group: string, above: readonly string[]): readonly Fact<string>[] {
  const key = keysOf(document, 'dependency-groups').find((one) => sameName(one, group));
  if (key === undefined) return readPoetryGroup(document, group);
  if (above.includes(key)) {
    throw new TareError({
      code: 'MANIFEST_INVALID',
      message: `the dependency groups \`${[...above, key].join('` → `')}\` include each other`,
      where: document.file,
      hint: 'remove one `include-group`',
    });
  }
  const items = valueAt(document, 'dependency-groups', key);
  if (!Array.isArray(items)) return textsAt(document, 'dependency-groups', key);
  return items.flatMap((item: unknown, index) => {
    if (isTable(item) && typeof item['include-group'] === 'string')
      return readGroup(document, item['include-group'], [...above, key]);
    const value = textAt(document, 'dependency-groups', key, index) ?? '';
    return [
      { value, because: because(document, ['dependency-groups', key, index], titleOf(['dependency-groups', key])) },
    ];
  });
}

function readPoetryGroup(document: TomlDocument, group: string): readonly Fact<string>[] {
  const key = keysOf(document, 'tool', 'poetry', 'group').find((one) => sameName(one, group));
  const path =
    key === undefined ? ['tool', 'poetry', 'dev-dependencies'] : ['tool', 'poetry', 'group', key, 'dependencies'];
  return readPoetryDependencies(document, path, () => true);
}

function readScripts(document: TomlDocument): PyprojectFacts['scripts'] {
  const scripts = new Map<string, { readonly target: string; readonly line?: number }>();
  for (const path of [
    ['tool', 'poetry', 'scripts'],
    ['project', 'scripts'],
  ]) {
    for (const [name, value] of Object.entries(tableAt(document, ...path) ?? {})) {
      const target = isTable(value) ? (value.reference ?? value.callable) : value;
      const line = document.lineOf(...path, name);
      if (typeof target === 'string') scripts.set(name, { target, ...(line === undefined ? {} : { line }) });
    }
  }
  return scripts;
}
