import type { StmtNode } from 'py-ast';
import { compareText } from '../../base/order.ts';
import type { Project } from '../project.ts';
import { flatStatements, parsePythonText } from './python-syntax.ts';

/** What an import statement binds to a local name. */
export interface Binding {
  /** `fastapi` of `from fastapi import FastAPI`; relative ones keep their dots: `.main`. */
  readonly module: string;
  /** Absent for `import a.b` (bound as `a`) and `import a.b as c`. */
  readonly name?: string;
  readonly line: number;
}

export interface PythonModule {
  readonly path: string;
  readonly text: string;
  /** Empty where the text could not be read as Python. */
  readonly body: readonly StmtNode[];
  /** Why there is no tree. */
  readonly failed?: string;
  readonly imports: ReadonlyMap<string, Binding>;
  /** True where a star import may bind any name. */
  readonly hasStarImport: boolean;
}

/** The Python sources of a project, read and parsed when first asked for. */
export interface PythonIndex {
  /** Paths of all sources, sorted. */
  readonly paths: readonly string[];
  readonly has: (path: string) => boolean;
  readonly readText: (path: string) => Promise<string>;
  readonly readModule: (path: string) => Promise<PythonModule>;
  /** The source that an import from `from` means, where it is in the project. */
  readonly resolveImport: (from: string, module: string) => string | undefined;
  /** The source of `pkg.mod` below a folder (`` or `src`). */
  readonly resolveIn: (folder: string, module: string) => string | undefined;
  /** True where a folder holds sources, directly or below. */
  readonly hasFolder: (folder: string) => boolean;
}

export function makePythonIndex(project: Project): PythonIndex {
  const paths = project.files
    .filter(({ path, type }) => type === 'file' && path.endsWith('.py'))
    .map(({ path }) => path);
  const known = new Set(paths);
  const folders = new Set(paths.flatMap(ancestorsOf));
  const texts = new Map<string, Promise<string>>();
  const modules = new Map<string, Promise<PythonModule>>();
  const readText = (path: string): Promise<string> => {
    const text = texts.get(path) ?? readLoosely(project, path);
    texts.set(path, text);
    return text;
  };
  const resolveIn = (folder: string, module: string): string | undefined => {
    const base = joinPath(folder, module.replaceAll('.', '/'));
    return [`${base}.py`, `${base}/__init__.py`].find((path) => known.has(path));
  };
  return {
    paths: paths.toSorted(compareText),
    has: (path) => known.has(path),
    hasFolder: (folder) => folder === '' || folders.has(folder),
    readText,
    readModule: (path) => {
      const module = modules.get(path) ?? readText(path).then((text) => parseModule(path, text));
      modules.set(path, module);
      return module;
    },
    resolveIn,
    resolveImport: (from, module) => resolveFrom(from, module, resolveIn),
  };
}

/** Sources of another encoding are not looked at. */
async function readLoosely(project: Project, path: string): Promise<string> {
  try {
    return (await project.readText(path)) ?? '';
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'FILE_NOT_UTF8' || error.code === 'FILE_TOO_LARGE')
    )
      return '';
    throw error;
  }
}

async function parseModule(path: string, text: string): Promise<PythonModule> {
  const parsed = await parsePythonText(text);
  if ('failed' in parsed)
    return { path, text, body: [], failed: parsed.failed, imports: scanImports(text), hasStarImport: true };
  const imports = new Map<string, Binding>();
  let hasStarImport = false;
  for (const statement of flatStatements(parsed.body)) {
    if (statement.nodeType === 'Import') {
      for (const { name, asname } of statement.names) {
        const local = asname ?? name.split('.')[0] ?? name;
        imports.set(local, { module: asname === undefined ? local : name, line: statement.lineno });
      }
    } else if (statement.nodeType === 'ImportFrom') {
      const module = '.'.repeat(statement.level ?? 0) + (statement.module ?? '');
      for (const { name, asname } of statement.names) {
        if (name === '*') hasStarImport = true;
        else imports.set(asname ?? name, { module, name, line: statement.lineno });
      }
    }
  }
  return { path, text, body: parsed.body, imports, hasStarImport };
}

/** Imports of one line each, for text that has no tree. */
function scanImports(text: string): ReadonlyMap<string, Binding> {
  const imports = new Map<string, Binding>();
  text.split('\n').forEach((line, index) => {
    const from = /^from\s+([.\w]+)\s+import\s+\(?([\w\s,]+)\)?\s*(?:#.*)?$/.exec(line);
    for (const part of from?.[2]?.split(',') ?? []) {
      const [name = '', , local = name] = part.trim().split(/\s+/);
      if (name !== '') imports.set(local, { module: from?.[1] ?? '', name, line: index + 1 });
    }
    const plain = /^import\s+([.\w]+)(?:\s+as\s+(\w+))?\s*(?:#.*)?$/.exec(line);
    if (plain?.[1] !== undefined) {
      const local = plain[2] ?? plain[1].split('.')[0] ?? '';
      imports.set(local, { module: plain[2] === undefined ? local : plain[1], line: index + 1 });
    }
  });
  return imports;
}

function resolveFrom(from: string, module: string, resolveIn: PythonIndex['resolveIn']): string | undefined {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  const parents = from.split('/').slice(0, -1);
  if (dots > 0) {
    if (dots - 1 > parents.length) return undefined;
    const folder = parents.slice(0, parents.length - (dots - 1)).join('/');
    const rest = module.slice(dots);
    return rest === '' ? resolveIn(folder, '__init__') : resolveIn(folder, rest);
  }
  for (let depth = 0; depth <= parents.length; depth += 1) {
    const found = resolveIn(parents.slice(0, depth).join('/'), module);
    if (found !== undefined) return found;
  }
  return resolveIn('src', module);
}

export function joinPath(folder: string, path: string): string {
  return folder === '' || folder === '.' ? path : `${folder}/${path}`;
}

/** The folders above a path, outermost first, without the root. */
export function ancestorsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** A name that a source defines. */
export interface Place {
  readonly path: string;
  readonly name: string;
}

/** The source and name that an imported name stands for, where the source is in the project. */
export function placeOf(
  name: string,
  surroundings: { readonly module: PythonModule; readonly index: PythonIndex },
): Place | undefined {
  const { module, index } = surroundings;
  const [first = '', ...rest] = name.split('.');
  const binding = module.imports.get(first);
  if (binding === undefined) return undefined;
  const parts = binding.name === undefined ? rest : [binding.name, ...rest];
  const last = parts.pop();
  const dotted = `${binding.module}${parts.length === 0 || binding.module.endsWith('.') ? '' : '.'}${parts.join('.')}`;
  const path = last === undefined ? undefined : index.resolveImport(module.path, dotted);
  return path === undefined || last === undefined ? undefined : { path, name: last };
}
