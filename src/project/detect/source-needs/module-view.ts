import type { Call, ExprNode, StmtNode } from 'py-ast';
import { addImports, fullNames, type ImportStatement, type Names } from '../import-names.ts';
import { assignmentsIn, type Scopes } from '../literal-values.ts';
import type { Binding, PythonIndex, PythonModule } from '../python-index.ts';
import { dottedName, flatStatements } from '../python-syntax.ts';
import { type AnyNode, isCall, isImport, isNode } from '../syntax-nodes.ts';

export type FunctionStatement = Extract<StmtNode, { nodeType: 'FunctionDef' | 'AsyncFunctionDef' }>;
export type ClassStatement = Extract<StmtNode, { nodeType: 'ClassDef' }>;

/** Where an expression stands. */
export interface Place {
  readonly scopes: Scopes;
  /** Innermost first. */
  readonly functions: readonly FunctionStatement[];
  readonly classes: readonly ClassStatement[];
  /** The statement at the top of the module that it is part of. */
  readonly top: StmtNode;
  /** The name of the function or class that it decorates. */
  readonly decorates?: string;
}

/** A call, or a decorator that is none. */
export interface Site extends Place {
  readonly node: ExprNode;
}

/** A module with everything in it that may look for a source. */
export interface ModuleView {
  readonly module: PythonModule;
  readonly index: PythonIndex;
  readonly names: Names;
  readonly sites: readonly Site[];
  readonly classes: readonly (Place & { readonly node: ClassStatement })[];
  /** What is assigned to `self.x` and, in a class, to `x`, by the name `x`. */
  readonly attributes: ReadonlyMap<string, readonly ExprNode[]>;
  readonly functions: ReadonlyMap<string, FunctionStatement>;
  /** Another module of the project, where it was read before. */
  readonly viewOf: (path: string) => ModuleView | undefined;
}

export function makeModuleView(
  module: PythonModule,
  index: PythonIndex,
  viewOf: (path: string) => ModuleView | undefined,
): ModuleView {
  const imports = new Map<string, Binding>(module.imports);
  const stars: string[] = [];
  const sites: Site[] = [];
  const classes: (Place & { readonly node: ClassStatement })[] = [];
  const attributes = new Map<string, ExprNode[]>();
  const functions = new Map<string, FunctionStatement>();
  const visit = (node: unknown, place: Place): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item, place);
      return;
    }
    if (!isNode(node)) return;
    if (isCall(node)) sites.push({ ...place, node });
    else if (isImport(node)) addAllImports(node, imports, stars);
    else if (isAssign(node)) addAttributes(node, place, attributes);
    const { decorates: _done, ...inner } = place;
    if (isDefinition(node)) visitDefinition(node, inner);
    else for (const value of Object.values(node)) if (typeof value === 'object' && value !== null) visit(value, inner);
  };
  const visitDefinition = (node: FunctionStatement | ClassStatement, place: Place): void => {
    for (const decorator of node.decorator_list) {
      const decorated = { ...place, decorates: node.name };
      if (decorator.nodeType !== 'Call') sites.push({ ...decorated, node: decorator });
      visit(decorator, decorated);
    }
    if (node.nodeType === 'ClassDef') {
      classes.push({ ...place, node });
      visit([node.bases, node.keywords], place);
      visit(node.body, { ...place, classes: [node, ...place.classes] });
      return;
    }
    functions.set(node.name, node);
    visit([node.args.defaults, node.args.kw_defaults, node.args.args.map(({ annotation }) => annotation)], place);
    const scopes = [bindingsIn(node.body), argumentsOf(node, module.body), ...place.scopes];
    visit(node.body, { ...place, scopes, functions: [node, ...place.functions] });
  };
  const scopes = [bindingsIn(module.body)];
  for (const top of module.body) visit(top, { scopes, functions: [], classes: [], top });
  return { module, index, names: { imports, stars }, sites, classes, attributes, functions, viewOf };
}

/** Those of the own package too, which stand for sources of the project. */
function addAllImports(node: ImportStatement, imports: Map<string, Binding>, stars: string[]): void {
  addImports(node, imports, stars);
  if (node.nodeType !== 'ImportFrom' || (node.level ?? 0) === 0) return;
  const module = '.'.repeat(node.level ?? 0) + (node.module ?? '');
  for (const { name, asname } of node.names)
    if (name !== '*') imports.set(asname ?? name, { module, name, line: node.lineno });
}

/** Assignments, and what `with … as x` and `for x in [a, b]` bind. */
function bindingsIn(body: readonly StmtNode[]): ReadonlyMap<string, readonly ExprNode[]> {
  const found = new Map(assignmentsIn(body));
  const add = (target: ExprNode | undefined, values: readonly ExprNode[]): void => {
    if (target?.nodeType === 'Name') found.set(target.id, [...(found.get(target.id) ?? []), ...values]);
  };
  for (const statement of flatStatements(body)) {
    if (statement.nodeType === 'With' || statement.nodeType === 'AsyncWith')
      for (const item of statement.items) add(item.optional_vars, [item.context_expr]);
    else if (
      statement.nodeType === 'For' &&
      (statement.iter.nodeType === 'List' || statement.iter.nodeType === 'Tuple')
    )
      add(statement.target, statement.iter.elts);
  }
  return found;
}

/** What the parameters of a function stand for: their defaults, and what calls at the top of the module give them. */
function argumentsOf(node: FunctionStatement, body: readonly StmtNode[]): ReadonlyMap<string, readonly ExprNode[]> {
  const parameters = [...node.args.posonlyargs, ...node.args.args];
  const found = new Map<string, ExprNode[]>([...parameters, ...node.args.kwonlyargs].map(({ arg }) => [arg, []]));
  const { defaults } = node.args;
  defaults.forEach((value, index) => {
    const parameter = parameters[parameters.length - defaults.length + index];
    if (parameter !== undefined) found.get(parameter.arg)?.push(value);
  });
  for (const call of topCalls(body)) {
    if (dottedName(call.func) !== node.name) continue;
    call.args.forEach((value, index) => found.get(parameters[index]?.arg ?? '')?.push(value));
    for (const { arg, value } of call.keywords) found.get(arg ?? '')?.push(value);
  }
  return found;
}

/** `f(x)`, `y = f(x)`, `for y in f(x):` at the top of a module. */
function* topCalls(body: readonly StmtNode[]): Generator<Call> {
  for (const statement of flatStatements(body)) {
    const values =
      statement.nodeType === 'Expr' || statement.nodeType === 'Assign'
        ? [statement.value]
        : statement.nodeType === 'For'
          ? [statement.iter]
          : [];
    for (const value of values) if (value.nodeType === 'Call') yield value;
  }
}

function addAttributes(node: AssignStatement, place: Place, attributes: Map<string, ExprNode[]>): void {
  const targets = node.nodeType === 'Assign' ? node.targets : [node.target];
  const { value } = node;
  if (value === undefined) return;
  for (const target of targets) {
    const name =
      target.nodeType === 'Attribute' && /^(?:self|cls)$/.test(dottedName(target.value) ?? '')
        ? target.attr
        : target.nodeType === 'Name' && place.classes.length > 0 && place.functions.length === 0
          ? target.id
          : undefined;
    if (name !== undefined) attributes.set(name, [...(attributes.get(name) ?? []), value]);
  }
}

/** The full names of an expression by the imports, and by those of the project's modules that it is imported from. */
export function qualifiedNames(node: ExprNode | undefined, view: ModuleView, hops = 4): readonly string[] {
  const all = fullNames(node, view.names);
  const isImported = view.names.imports.has(dottedName(node)?.split('.')[0] ?? '');
  // What is not imported is a variable of that name, unless a star import brings it.
  const names = isImported ? all : all.slice(1);
  const place = hops === 0 ? undefined : definitionOf(dottedName(node), view, 0);
  if (place === undefined) return names;
  const other = view.viewOf(place.path);
  const binding = other?.names.imports.get(place.name);
  if (binding === undefined || /^\./.test(binding.module)) return names;
  return [...names, binding.name === undefined ? binding.module : `${binding.module}.${binding.name}`];
}

export interface Definition {
  readonly path: string;
  /** Empty for the module as a whole. */
  readonly name: string;
}

/** The source and name that a name of a module stands for, where it is imported from the project; re-exports are followed. */
export function definitionOf(name: string | undefined, view: ModuleView, hops = 4): Definition | undefined {
  const [first = '', ...rest] = name?.split('.') ?? [];
  const binding = view.names.imports.get(first);
  if (binding === undefined) return undefined;
  const from = view.module.path;
  const parts = [...(binding.name === undefined ? [] : [binding.name]), ...rest];
  for (let count = parts.length; count >= 0; count -= 1) {
    const module = [binding.module, ...parts.slice(0, count)].reduce((left, right) =>
      left === '' || left.endsWith('.') ? left + right : `${left}.${right}`,
    );
    const path = view.index.resolveImport(from, module);
    if (path === undefined) continue;
    const [found = ''] = parts.slice(count);
    const other = hops === 0 || found === '' || path === from ? undefined : view.viewOf(path);
    return (other === undefined ? undefined : definitionOf(found, other, hops - 1)) ?? { path, name: found };
  }
  return undefined;
}

type AssignStatement = Extract<StmtNode, { nodeType: 'Assign' | 'AnnAssign' }>;

function isAssign(node: AnyNode): node is AssignStatement {
  return node.nodeType === 'Assign' || node.nodeType === 'AnnAssign';
}

export function isDefinition(node: AnyNode): node is FunctionStatement | ClassStatement {
  return node.nodeType === 'FunctionDef' || node.nodeType === 'AsyncFunctionDef' || node.nodeType === 'ClassDef';
}
