import type { Call, ExprNode, StmtNode } from 'py-ast';
import { type AppKind, applicationMadeBy, isWrapper } from './app-kinds.ts';
import { scanAppLines } from './line-scan.ts';
import { type Place, placeOf, type PythonIndex, type PythonModule } from './python-index.ts';
import { dottedName, flatStatements, stringOf } from './python-syntax.ts';
import { dashConstructors } from './wsgi.ts';

/** An application bound to a name of a module, or a function that makes one. */
export interface AppValue extends AppKind {
  readonly line: number;
}

export interface AppFactory extends AppValue {
  /** Parameters without a default: a server cannot call it then. */
  readonly required: number;
}

export interface ModuleApps {
  readonly apps: ReadonlyMap<string, AppValue>;
  readonly factories: ReadonlyMap<string, AppFactory>;
  readonly classes: ReadonlyMap<string, AppKind>;
  /** `path:name` of applications that were wrapped, and factories that were called, to make one of `apps`. */
  readonly uses: ReadonlySet<string>;
}

const nothing: ModuleApps = { apps: new Map(), factories: new Map(), classes: new Map(), uses: new Set() };

/** Finds the applications of modules; values that come by import from another of the modules are followed. */
export function makeAppReader(index: PythonIndex, modules: ReadonlyMap<string, PythonModule>) {
  const results = new Map<string, ModuleApps>();
  const read = (path: string): ModuleApps => {
    const known = results.get(path);
    if (known !== undefined) return known;
    const module = modules.get(path);
    if (module === undefined) return nothing;
    if (module.failed !== undefined) return scanAppLines(module);
    // Modules that import each other: the second look sees nothing yet.
    results.set(path, nothing);
    const apps = readModuleApps({ module, modules, index, read });
    results.set(path, apps);
    return apps;
  };
  return read;
}

interface Surroundings {
  readonly modules: ReadonlyMap<string, PythonModule>;
  readonly module: PythonModule;
  readonly index: PythonIndex;
  readonly read: (path: string) => ModuleApps;
}

interface Scope extends Surroundings {
  readonly apps: Map<string, AppValue>;
  readonly factories: Map<string, AppFactory>;
  readonly classes: Map<string, AppKind>;
  readonly uses: Set<string>;
  readonly dashes: Set<string>;
  readonly outer?: Scope;
}

function readModuleApps(surroundings: Surroundings): ModuleApps {
  const scope: Scope = makeScope(surroundings);
  const statements = [...flatStatements(surroundings.module.body)];
  for (const statement of statements) if (statement.nodeType === 'ClassDef') bindClass(statement, scope);
  for (const statement of statements) bindFunction(statement, scope);
  for (const statement of statements) bindStatement(statement, scope);
  // Functions may return what the module binds further down.
  for (const statement of statements) bindFunction(statement, scope);
  return scope;
}

function makeScope(surroundings: Surroundings, outer?: Scope): Scope {
  return {
    ...surroundings,
    apps: new Map(),
    factories: new Map(),
    classes: new Map(),
    uses: new Set(),
    dashes: new Set(),
    ...(outer === undefined ? {} : { outer }),
  };
}

function bindClass(statement: Extract<StmtNode, { nodeType: 'ClassDef' }>, scope: Scope): void {
  for (const base of statement.bases) {
    const kind = constructed(qualify(dottedName(base), scope), scope);
    if (kind !== undefined) scope.classes.set(statement.name, kind);
  }
}

/** A function that returns an application by its annotation or by what it returns. */
function bindFunction(statement: StmtNode, scope: Scope): void {
  if (statement.nodeType !== 'FunctionDef') return;
  if (scope.factories.has(statement.name)) return;
  const kind = annotated(statement.returns, scope) ?? returned(statement, scope);
  // What another server reads from a decorated function (a fixture, a route) is not its return value.
  if (kind === undefined || kind.kind === 'script' || statement.decorator_list.some((node) => !isCacheDecorator(node)))
    return;
  const { posonlyargs, args, defaults, kwonlyargs, kw_defaults } = statement.args;
  const required =
    posonlyargs.length +
    args.length -
    defaults.length +
    kwonlyargs.length -
    kw_defaults.filter((one) => one !== null).length;
  scope.factories.set(statement.name, { ...kind, line: statement.lineno, required: Math.max(0, required) });
}

function isCacheDecorator(node: ExprNode): boolean {
  const name = dottedName(node.nodeType === 'Call' ? node.func : node);
  return name !== undefined && /(?:^|\.)(?:cache|lru_cache)$/.test(name);
}

function returned(statement: Extract<StmtNode, { nodeType: 'FunctionDef' }>, scope: Scope): AppKind | undefined {
  const inner = makeScope(scope, scope);
  let kind: AppKind | undefined;
  for (const one of flatStatements(statement.body)) {
    bindStatement(one, inner);
    if (one.nodeType === 'Return' && one.value !== undefined) kind ??= evaluate(one.value, inner);
  }
  return kind;
}

function bindStatement(statement: StmtNode, scope: Scope): void {
  if (statement.nodeType === 'AnnAssign') {
    const kind = annotated(statement.annotation, scope) ?? (statement.value && evaluate(statement.value, scope));
    if (statement.value !== undefined) bindName(statement.target, kind, statement.lineno, scope);
    return;
  }
  if (statement.nodeType !== 'Assign') return;
  const dash = statement.value.nodeType === 'Call' ? qualify(dottedName(statement.value.func), scope) : undefined;
  for (const target of statement.targets) {
    if (target.nodeType === 'Name' && dash !== undefined && dashConstructors.includes(dash))
      scope.dashes.add(target.id);
    // `app, rt = fast_app()`: the application is the first.
    const first = target.nodeType === 'Tuple' ? target.elts[0] : target;
    if (target.nodeType === 'Tuple' && statement.value.nodeType !== 'Call') continue;
    bindName(
      first,
      evaluate(statement.value, scope) ?? rebound(first, statement.value, scope),
      statement.lineno,
      scope,
    );
  }
}

/** `app = anything(app)`: still the application, by whatever it is wrapped. */
function rebound(target: ExprNode | undefined, value: ExprNode, scope: Scope): AppKind | undefined {
  if (target?.nodeType !== 'Name' || value.nodeType !== 'Call') return undefined;
  const isOwn = value.args.some((arg) => arg.nodeType === 'Name' && arg.id === target.id);
  return isOwn ? lookup(target.id, scope) : undefined;
}

function bindName(target: ExprNode | undefined, kind: AppKind | undefined, line: number, scope: Scope): void {
  if (target?.nodeType !== 'Name' || kind === undefined) return;
  const before = scope.apps.get(target.id);
  scope.apps.set(target.id, { ...kind, line: before?.line ?? line });
}

function annotated(annotation: ExprNode | undefined, scope: Scope): AppKind | undefined {
  if (annotation === undefined) return undefined;
  const name = stringOf(annotation) ?? dottedName(annotation);
  return constructed(qualify(name, scope), scope);
}

/** The application that an expression is. */
function evaluate(node: ExprNode, scope: Scope): AppKind | undefined {
  switch (node.nodeType) {
    case 'Name':
      return lookup(node.id, scope);
    case 'Call':
      return evaluateCall(node, scope);
    case 'Attribute':
      return evaluateAttribute(node, scope);
    case 'IfExp':
      return evaluate(node.body, scope) ?? evaluate(node.orelse, scope);
    case 'BoolOp':
      return node.values.map((value) => evaluate(value, scope)).find((kind) => kind !== undefined);
    default:
      return undefined;
  }
}

function evaluateAttribute(node: Extract<ExprNode, { nodeType: 'Attribute' }>, scope: Scope): AppKind | undefined {
  const name = dottedName(node);
  if (name === undefined) return undefined;
  const [first = ''] = name.split('.', 1);
  if (node.attr === 'server' && (scope.dashes.has(first) || scope.outer?.dashes.has(first) === true)) {
    return { kind: 'wsgi', framework: 'Dash' };
  }
  const place = followPlace(name, scope);
  return place === undefined ? undefined : scope.read(place.path).apps.get(place.name);
}

function evaluateCall(call: Call, scope: Scope): AppKind | undefined {
  const name = dottedName(call.func);
  const qualified = qualify(name, scope);
  if (qualified === undefined) return undefined;
  const made = constructed(qualified, scope);
  const wrapped = [...call.args, ...call.keywords.map(({ value }) => value)];
  if (made !== undefined || isWrapper(qualified)) {
    const inner = wrapped.map((arg) => noted(arg, scope)).find((kind) => kind !== undefined);
    return made ?? inner;
  }
  const attribute = qualified.split('.').at(-1) ?? '';
  if (attribute === 'make_wsgi_app') return { kind: 'wsgi', framework: 'Pyramid' };
  if (/^(?:http_app|sse_app|streamable_http_app)$/.test(attribute)) return { kind: 'asgi', framework: 'MCP' };
  return calledFactory(name ?? '', scope);
}

/** What an argument is; the name is noted as used up. */
function noted(arg: ExprNode, scope: Scope): AppKind | undefined {
  const kind = evaluate(arg, scope);
  const name = dottedName(arg);
  if (kind !== undefined && name !== undefined) noteUse(name, scope);
  return kind;
}

function noteUse(name: string, scope: Scope): void {
  const place = followPlace(name, scope) ?? { path: scope.module.path, name };
  scope.uses.add(`${place.path}:${place.name}`);
}

function calledFactory(name: string, scope: Scope): AppKind | undefined {
  const own = scope.factories.get(name) ?? scope.outer?.factories.get(name);
  const place = own === undefined ? followPlace(name, scope) : undefined;
  const kind = own ?? (place === undefined ? undefined : scope.read(place.path).factories.get(place.name));
  if (kind === undefined) return undefined;
  noteUse(name, scope);
  return { kind: kind.kind, framework: kind.framework };
}

function lookup(name: string, scope: Scope): AppKind | undefined {
  const own = scope.apps.get(name) ?? scope.outer?.apps.get(name);
  if (own !== undefined) return { kind: own.kind, framework: own.framework };
  const place = followPlace(name, scope);
  const kind = place === undefined ? undefined : scope.read(place.path).apps.get(place.name);
  return kind === undefined ? undefined : { kind: kind.kind, framework: kind.framework };
}

/** What a call of this qualified name makes: a framework's class, or a subclass of one in the project. */
function constructed(qualified: string | undefined, scope: Scope): AppKind | undefined {
  if (qualified === undefined) return undefined;
  const known = applicationMadeBy(qualified) ?? scope.classes.get(qualified) ?? scope.outer?.classes.get(qualified);
  if (known !== undefined) return known;
  const dot = qualified.lastIndexOf('.');
  const path = dot < 0 ? undefined : scope.index.resolveImport(scope.module.path, qualified.slice(0, dot) || '.');
  return path === undefined ? undefined : scope.read(path).classes.get(qualified.slice(dot + 1));
}

/** `F` of `from fastapi import FastAPI as F` is `fastapi.FastAPI`. */
function qualify(name: string | undefined, scope: Scope): string | undefined {
  if (name === undefined) return undefined;
  const [first = '', ...rest] = name.split('.');
  const binding = scope.module.imports.get(first);
  if (binding === undefined) return qualifyByStar(name, scope);
  const base =
    binding.name === undefined
      ? binding.module
      : `${binding.module}${binding.module.endsWith('.') ? '' : '.'}${binding.name}`;
  return [base, ...rest].join('.');
}

/** `from fasthtml.common import *` is how that framework's own documentation imports it. */
function qualifyByStar(name: string, scope: Scope): string {
  const isFastHtml = scope.module.hasStarImport && (name === 'FastHTML' || name === 'fast_app');
  return isFastHtml ? `fasthtml.common.${name}` : name;
}

/** Follows a name through packages that only pass it on, to the source that defines it. */
function followPlace(name: string, scope: Surroundings): Place | undefined {
  let place = placeOf(name, scope);
  for (let hops = 0; place !== undefined && hops < 8; hops += 1) {
    const apps = scope.read(place.path);
    if (apps.apps.has(place.name) || apps.factories.has(place.name)) return place;
    const module = scope.modules.get(place.path);
    const next = module === undefined ? undefined : placeOf(place.name, { module, index: scope.index });
    if (next === undefined) return place;
    place = next;
  }
  return place;
}
