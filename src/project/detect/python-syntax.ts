import type { Call, ExprNode, StmtNode } from 'py-ast';

/** A module's statements, or the sign that its text could not be read as Python. */
export type ParsedModule = { readonly body: readonly StmtNode[] } | { readonly failed: string };

/** Sources above this are generated or data: reading them as a tree would only cost time. */
const largestSource = 1024 * 1024;

/** Reads Python text to a tree. Never throws: what cannot be read is told as `failed`. */
export async function parsePythonText(text: string): Promise<ParsedModule> {
  if (text.length > largestSource) return { failed: 'too large' };
  const { parse } = await import('py-ast');
  const attempts = [text, withBracketedExcept(text)];
  let failed = 'unknown';
  for (const attempt of new Set(attempts)) {
    try {
      const module = parse(attempt);
      if (module.nodeType !== 'Module') return { failed };
      return isTooDeep(module.body) ? { failed: 'nested too deeply' } : { body: module.body };
    } catch (error) {
      failed = error instanceof Error ? error.message : String(error);
    }
  }
  return { failed };
}

/** What reads the tree calls itself for each level. */
const deepestTree = 600;

function isTooDeep(body: readonly StmtNode[]): boolean {
  let level: readonly object[] = body;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepestTree) return true;
    level = level.flatMap((node) => Object.values(node).filter((value) => typeof value === 'object' && value !== null));
  }
  return false;
}

/** Python 3.14 allows `except A, B:` without brackets (PEP 758). */
function withBracketedExcept(text: string): string {
  return text.replace(/^([ \t]*except\*?)[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)[ \t]*:/gm, '$1 ($2):');
}

/** `a.b.c` of a name or attribute chain, else undefined. */
export function dottedName(node: ExprNode | undefined): string | undefined {
  if (node?.nodeType === 'Name') return node.id;
  if (node?.nodeType !== 'Attribute') return undefined;
  const inner = dottedName(node.value);
  return inner === undefined ? undefined : `${inner}.${node.attr}`;
}

export function stringOf(node: ExprNode | undefined): string | undefined {
  if (node?.nodeType !== 'Constant') return undefined;
  const value: unknown = node.value;
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(node: ExprNode | undefined): number | undefined {
  if (node?.nodeType !== 'Constant') return undefined;
  const value: unknown = node.value;
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined;
}

export function isTrue(node: ExprNode | undefined): boolean {
  return node?.nodeType === 'Constant' && (node.value === true || node.value === 'True');
}

export function keywordOf(call: Call, name: string): ExprNode | undefined {
  return call.keywords.find(({ arg }) => arg === name)?.value;
}

/** A module's or function's own statements in order, also those inside `if`, `try`, `with`, loops; not those of functions and classes. */
export function* flatStatements(body: readonly StmtNode[]): Generator<StmtNode> {
  for (const statement of body) {
    yield statement;
    yield* flatStatements(innerBodies(statement).flat());
  }
}

function innerBodies(statement: StmtNode): readonly (readonly StmtNode[])[] {
  switch (statement.nodeType) {
    case 'If':
    case 'For':
    case 'AsyncFor':
    case 'While':
      return [statement.body, statement.orelse];
    case 'With':
    case 'AsyncWith':
      return [statement.body];
    case 'Try':
    case 'TryStar':
      return [
        statement.body,
        ...statement.handlers.map((handler) => handler.body),
        statement.orelse,
        statement.finalbody,
      ];
    case 'Match':
      return statement.cases.map((one) => one.body);
    default:
      return [];
  }
}

/** True for `if __name__ == '__main__':`. */
export function isMainGuard(statement: StmtNode): boolean {
  if (statement.nodeType !== 'If' || statement.test.nodeType !== 'Compare') return false;
  const sides = [statement.test.left, ...statement.test.comparators];
  return sides.some((side) => dottedName(side) === '__name__') && sides.some((side) => stringOf(side) === '__main__');
}

/** Every call in a tree, outermost first. */
export function* callsIn(node: unknown): Generator<Call> {
  if (Array.isArray(node)) {
    for (const item of node) yield* callsIn(item);
    return;
  }
  if (!isNode(node)) return;
  if (isCall(node)) yield node;
  for (const value of Object.values(node)) if (typeof value === 'object' && value !== null) yield* callsIn(value);
}

function isNode(value: unknown): value is { readonly nodeType: string } {
  return typeof value === 'object' && value !== null && 'nodeType' in value && typeof value.nodeType === 'string';
}

function isCall(node: { readonly nodeType: string }): node is Call {
  return node.nodeType === 'Call';
}

/** What is known of a source, as far as names go. */
export interface SourceText {
  readonly text: string;
  readonly body: readonly StmtNode[];
  readonly failed?: string;
  readonly imports: ReadonlyMap<string, unknown>;
}

/** True where a module binds a name at its top (or in a block there). */
export function bindsName(module: SourceText, name: string): boolean {
  if (module.failed !== undefined)
    return new RegExp(`^(?:${name}\\s*[:=]|(?:async\\s+)?def\\s+${name}\\b)`, 'm').test(module.text);
  if (module.imports.has(name)) return true;
  for (const statement of flatStatements(module.body)) {
    if (statement.nodeType === 'Assign' && statement.targets.some((target) => targetNames(target).includes(name)))
      return true;
    if (statement.nodeType === 'AnnAssign' && dottedName(statement.target) === name) return true;
    if ((statement.nodeType === 'FunctionDef' || statement.nodeType === 'ClassDef') && statement.name === name)
      return true;
  }
  return false;
}

function targetNames(target: ExprNode): readonly string[] {
  if (target.nodeType === 'Tuple' || target.nodeType === 'List') return target.elts.flatMap(targetNames);
  return target.nodeType === 'Name' ? [target.id] : [];
}
