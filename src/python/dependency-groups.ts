import { TareError } from '../base/errors.ts';
import { normalizedName } from './package-name.ts';

interface Group {
  readonly name: string;
  readonly entries: readonly unknown[];
}

/**
 * Expands `[dependency-groups]` (PEP 735, "Specification"): group name in normal form to requirement texts, each
 * `{include-group = "…"}` replaced by what it names. Throws `DEPENDENCY_GROUP_INVALID`.
 */
export function expandDependencyGroups(
  table: unknown,
  where = 'pyproject.toml',
): Readonly<Record<string, readonly string[]>> {
  if (table === undefined) return {};
  if (!isTable(table)) throw invalid('`[dependency-groups]` is not a table', where);
  const groups = new Map<string, Group>();
  for (const [name, entries] of Object.entries(table)) {
    if (!Array.isArray(entries)) throw invalid(`the dependency group \`${name}\` is not a list`, where);
    const other = groups.get(normalizedName(name));
    if (other !== undefined)
      throw invalid(`the dependency groups \`${other.name}\` and \`${name}\` have one name`, where);
    groups.set(normalizedName(name), { name, entries });
  }
  const expanded = new Map<string, readonly string[]>();
  for (const name of groups.keys()) expandGroup(name, groups, expanded, [], where);
  return Object.fromEntries(expanded);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** More requirements than any project has; includes that double each time end here. */
const mostEntries = 100_000;

function expandGroup(
  name: string,
  groups: ReadonlyMap<string, Group>,
  expanded: Map<string, readonly string[]>,
  stack: readonly string[],
  where: string,
): readonly string[] {
  const known = expanded.get(name);
  if (known !== undefined) return known;
  const group = groups.get(name);
  const from = stack.at(-1);
  if (group === undefined)
    throw invalid(`the dependency group \`${from ?? ''}\` includes \`${name}\`, which does not exist`, where);
  if (stack.includes(name)) {
    throw invalid(`the dependency group \`${name}\` includes itself: ${[...stack, name].join(' → ')}`, where);
  }
  const result: string[] = [];
  for (const entry of group.entries) {
    if (typeof entry === 'string') result.push(entry);
    else result.push(...expandGroup(includedName(entry, group.name, where), groups, expanded, [...stack, name], where));
    if (result.length > mostEntries) throw invalid(`the dependency group \`${name}\` is too large`, where);
  }
  expanded.set(name, result);
  return result;
}

function includedName(entry: unknown, group: string, where: string): string {
  if (isTable(entry) && Object.keys(entry).length === 1) {
    const included = entry['include-group'];
    if (typeof included === 'string') return normalizedName(included);
  }
  throw invalid(
    `the dependency group \`${group}\` has an entry that is neither a requirement nor \`{include-group = "…"}\``,
    where,
  );
}

function invalid(message: string, where: string): TareError {
  return new TareError({ code: 'DEPENDENCY_GROUP_INVALID', message, where, hint: 'correct `[dependency-groups]`' });
}
