import dockerignore from '@balena/dockerignore';
import ignore from 'ignore';
import type { Because } from '../base/because.ts';
import type { TomlDocument } from './toml-document.ts';

/** Patterns of the user in the syntax of gitignore(5), with where each stands. */
export interface Patterns {
  readonly isEmpty: boolean;
  /** The reason, where a path is matched. */
  readonly match: (path: string) => Because | undefined;
  /** The reason, where a pattern without wildcards names exactly this path. */
  readonly matchExactly: (path: string) => Because | undefined;
}

/** `origin(i)` says where pattern `i` stands. */
export function makePatterns(list: readonly string[], origin: (index: number) => Because): Patterns {
  const rules = ignore({ ignorecase: false });
  const exact = new Map<string, Because>();
  list.forEach((pattern, index) => {
    rules.add({ pattern, mark: String(index) });
    if (!/[*?[\]!]/.test(pattern)) exact.set(pattern.replace(/^\.?\//, ''), origin(index));
  });
  return {
    isEmpty: list.length === 0,
    match: (path) => {
      const { ignored, rule } = rules.test(path);
      return ignored ? origin(Number(rule?.mark ?? 0)) : undefined;
    },
    matchExactly: (path) => exact.get(path),
  };
}

/** `include` or `exclude` of `[tool.tare]`; what is of another type is refused where the whole configuration is read. */
export function readPatterns(
  document: TomlDocument | undefined,
  path: readonly string[],
  key: 'include' | 'exclude',
): Patterns | undefined {
  if (document === undefined) return undefined;
  let value: unknown = document.root;
  for (const part of [...path, key]) value = isTable(value) ? value[part] : undefined;
  if (!Array.isArray(value)) return undefined;
  const list = value.filter((item) => typeof item === 'string');
  const title = path.length === 0 ? key : `[${path.join('.')}] ${key}`;
  return makePatterns(list, (index) => {
    const line = document.lineOf(...path, key, index);
    return {
      file: document.file,
      ...(line === undefined ? {} : { line }),
      rule: `\`${title}\`: \`${list[index] ?? ''}\``,
    };
  });
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The rules of a `.dockerignore`: a negated pattern brings files back, also below a folder that is left out. */
export function parseDockerignore(text: string): (path: string) => boolean {
  const rules = dockerignore.default({ ignorecase: false }).add(text);
  return (path) => rules.ignores(path);
}
