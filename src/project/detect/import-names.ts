import type { ExprNode, StmtNode } from 'py-ast';
import type { Binding } from './python-index.ts';
import { dottedName } from './python-syntax.ts';

/** What the import statements of a module bind, also those inside functions. */
export interface Names {
  readonly imports: ReadonlyMap<string, Binding>;
  /** Modules that a star import takes all names of. */
  readonly stars: readonly string[];
}

export type ImportStatement = Extract<StmtNode, { nodeType: 'Import' | 'ImportFrom' }>;

/** Adds what one statement binds. Imports of the own package, with leading dots, are passed over. */
export function addImports(node: ImportStatement, imports: Map<string, Binding>, stars: string[]): void {
  const line = node.lineno;
  for (const { name, asname } of node.names) {
    if (node.nodeType === 'Import') {
      const local = asname ?? name.split('.')[0] ?? name;
      imports.set(local, { module: asname === undefined ? local : name, line });
    } else if ((node.level ?? 0) === 0 && node.module !== undefined) {
      if (name === '*') stars.push(node.module);
      else imports.set(asname ?? name, { module: node.module, name, line });
    }
  }
}

/** The names that an expression may have by the imports: `sp.run` is `subprocess.run`, `run` is it after `from subprocess import *`. */
export function fullNames(node: ExprNode | undefined, { imports, stars }: Names): readonly string[] {
  const name = dottedName(node);
  if (name === undefined) return [];
  const [first = '', ...rest] = name.split('.');
  const binding = imports.get(first);
  if (binding === undefined) return [name, ...stars.map((module) => `${module}.${name}`)];
  const base = binding.name === undefined ? binding.module : `${binding.module}.${binding.name}`;
  return [[base, ...rest].join('.')];
}
