import type { Because, Fact } from '../../base/because.ts';
import { TareError } from '../../base/errors.ts';
import type { TomlDocument } from '../toml-document.ts';

export type TomlPath = readonly (string | number)[];
export type TomlTable = Readonly<Record<string, unknown>>;

/** The value at a path; undefined where it is not there. */
export function valueAt(document: TomlDocument, ...path: TomlPath): unknown {
  let value: unknown = document.root;
  for (const part of path) {
    if (typeof part === 'number') value = Array.isArray(value) ? value[part] : undefined;
    else value = isTable(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The table at a path. Throws `MANIFEST_INVALID` where something else is there. */
export function tableAt(document: TomlDocument, ...path: TomlPath): TomlTable | undefined {
  const value = valueAt(document, ...path);
  if (value === undefined || isTable(value)) return value;
  throw invalid(document, path, 'a table', value);
}

/** The text at a path. Throws `MANIFEST_INVALID` where something else is there. */
export function textAt(document: TomlDocument, ...path: TomlPath): string | undefined {
  const value = valueAt(document, ...path);
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(document, path, 'a text', value);
}

/** The list of texts at a path, each with its line. Throws `MANIFEST_INVALID` where something else is there. */
export function textsAt(document: TomlDocument, ...path: TomlPath): readonly Fact<string>[] {
  const value = valueAt(document, ...path);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(document, path, 'a list of texts', value);
  return value.map((item: unknown, index) => {
    if (typeof item !== 'string') throw invalid(document, [...path, index], 'a text', item);
    return { value: item, because: because(document, [...path, index], titleOf(path)) };
  });
}

/** A text with its source. */
export function factAt(document: TomlDocument, ...path: TomlPath): Fact<string> | undefined {
  const value = textAt(document, ...path);
  return value === undefined ? undefined : { value, because: because(document, path, titleOf(path)) };
}

export function because(document: TomlDocument, path: TomlPath, rule: string): Because {
  const line = document.lineOf(...path);
  return { file: document.file, ...(line === undefined ? {} : { line }), rule };
}

/** `[tool.poetry] version` of `tool`, `poetry`, `version`. */
export function titleOf(path: TomlPath): string {
  const names = path.filter((part) => typeof part === 'string');
  return names.length === 1 ? `\`${names[0]}\`` : `\`[${names.slice(0, -1).join('.')}] ${names.at(-1)}\``;
}

function invalid(document: TomlDocument, path: TomlPath, expected: string, actual: unknown): TareError {
  const line = document.lineOf(...path);
  return new TareError({
    code: 'MANIFEST_INVALID',
    message: `${titleOf(path)} in \`${document.file}\` is not ${expected}`,
    where: line === undefined ? document.file : `${document.file}:${line}`,
    expected,
    actual: Array.isArray(actual) ? 'a list' : isTable(actual) ? 'a table' : typeof actual,
    hint: `correct ${document.file}`,
  });
}
