import type { Call, ExprNode } from 'py-ast';
import { dottedName, keywordOf } from '../python-syntax.ts';
import { definitionOf, type ModuleView, qualifiedNames, type Site } from './module-view.ts';
import type { SourceNeed } from './source-need.ts';
import { mentionsReader, type SourceReader, sourceReaders } from './source-readers.data.ts';

/** A use of a function that reads sources, in one module. */
export interface ReaderUse {
  readonly view: ModuleView;
  readonly site: Site;
  readonly reader: SourceReader;
  /** As a person would write it: `numba.njit(cache=True)`. */
  readonly shown: string;
  /** What it is given; absent for a decorator, and for a call that makes one. */
  readonly argument?: ExprNode;
}

/** A name of a module that reads the sources of what other modules give it, or that they decorate with it. */
export interface Carrier {
  readonly path: string;
  readonly name: string;
  readonly use: ReaderUse;
}

/** Uses of the functions that are known to read sources. */
export function findReaderUses(view: ModuleView): readonly ReaderUse[] {
  if (!mentionsReader.test(view.module.text)) return [];
  return view.sites.flatMap((site) => {
    const { node } = site;
    const called = node.nodeType === 'Call' ? node.func : node;
    // `partial(njit, cache=True)` is the same as `njit(cache=True)`.
    const isPartial = node.nodeType === 'Call' && qualifiedNames(called, view).includes('functools.partial');
    const names = qualifiedNames(isPartial && node.nodeType === 'Call' ? node.args[0] : called, view);
    for (const reader of sourceReaders) {
      const name = names.find((one) => reader.name.test(one));
      if (name === undefined || (reader.needsCache && !(node.nodeType === 'Call' && isCached(node, site)))) continue;
      const shown = reader.needsCache ? `${name}(cache=True)` : name;
      return [withArgument({ view, site, reader, shown }, isPartial)];
    }
    return [];
  });
}

/** True for `cache=True`, also in `**options`; what is worked out may be true. */
function isCached(call: Call, { scopes }: Site): boolean {
  const value = keywordOf(call, 'cache');
  if (value !== undefined) return !isFalse(value);
  return call.keywords.some(({ arg, value: options }) => {
    if (arg !== undefined) return false;
    const name = dottedName(options);
    const values = name === undefined ? [options] : (scopes.find((scope) => scope.has(name))?.get(name) ?? []);
    return values.length === 0 || values.some(mayHaveCache);
  });
}

function mayHaveCache(node: ExprNode): boolean {
  if (node.nodeType === 'Call' && dottedName(node.func) === 'dict')
    return node.keywords.some(({ arg, value }) => arg === undefined || (arg === 'cache' && !isFalse(value)));
  if (node.nodeType !== 'Dict') return true;
  return node.keys.some((key, index) => {
    if (key === null) return true;
    const value = node.values[index];
    return key.nodeType === 'Constant' && key.value === 'cache' && value !== undefined && !isFalse(value);
  });
}

function isFalse(node: ExprNode): boolean {
  return node.nodeType === 'Constant' && (node.value === false || node.value === 'False' || node.value === null);
}

/** `njit(cache=True)(f)` and `njit(f, cache=True)` are given `f`; `njit(cache=True)` and `njit("f8(f8)", cache=True)` nothing. */
function withArgument(use: ReaderUse, isPartial: boolean): ReaderUse {
  const { node, decorates } = use.site;
  if (node.nodeType !== 'Call' || isPartial || use.reader.reads === 'own') return use;
  const outer = use.view.sites.find(({ node: other }) => other.nodeType === 'Call' && other.func === node);
  const call = outer?.node.nodeType === 'Call' ? outer.node : node;
  const argument =
    call.args.at(0) ?? call.keywords.find(({ arg }) => /^(?:object|obj|fn|func|f)$/.test(arg ?? ''))?.value;
  const isDecorator = decorates !== undefined && outer === undefined;
  const isFunction = argument !== undefined && /^(?:Name|Attribute|Call|Lambda|Subscript)$/.test(argument.nodeType);
  return isDecorator || !isFunction ? use : { ...use, argument };
}

/** The sources that one use needs, and the name by which others come to need theirs. */
export function judgeUse(use: ReaderUse): { readonly needs: readonly SourceNeed[]; readonly carrier?: Carrier } {
  const { view, site, reader, shown, argument } = use;
  const { path } = view.module;
  const need = (target: string, rule: string, isUncertain = false): SourceNeed => ({
    path: target,
    kind: reader.kind,
    because: { file: path, line: site.node.lineno, rule },
    ...(isUncertain ? { isUncertain } : {}),
  });
  if (argument === undefined) {
    const what = site.decorates === undefined ? 'what it is used on' : `\`${site.decorates}\``;
    const carrier = carrierOf(use);
    return {
      needs: [need(path, `\`${shown}\` looks for the source of ${what}`)],
      ...(carrier === undefined ? {} : { carrier }),
    };
  }
  const target = targetOf(argument, use);
  if (target === 'foreign') return { needs: [] };
  const written = dottedName(argument);
  const name = written === undefined ? 'what it is given' : `\`${written}\``;
  if (target !== 'unknown') {
    const rule = `\`${shown}\` looks for the source of ${name}`;
    // numba looks from where the function was defined; the others too: the module of the call itself need not stay.
    return { needs: target.map((one) => need(one, rule)) };
  }
  const rule = `\`${shown}\` looks for the source of ${name}, and which that is is not known before it runs`;
  const carrier = carrierOf(use);
  return { needs: [need(path, rule, true)], ...(carrier === undefined ? {} : { carrier }) };
}

/** The sources that define an argument; `foreign` where it is of no module of the project. */
function targetOf(
  argument: ExprNode,
  context: Pick<ReaderUse, 'view' | 'site'>,
  depth = 4,
): readonly string[] | 'foreign' | 'unknown' {
  const { view, site } = context;
  const { path } = view.module;
  if (argument.nodeType === 'Lambda') return [path];
  if (argument.nodeType === 'Subscript')
    return /^sys\.modules$/.test(dottedName(argument.value) ?? '') && dottedName(argument.slice) === '__name__'
      ? [path]
      : 'unknown';
  if (argument.nodeType === 'Call') {
    const isMade = view.functions.has(dottedName(argument.func) ?? '');
    const made = isMade ? 'unknown' : targetOf(argument.func, context, depth);
    return made === 'foreign' ? 'unknown' : made;
  }
  const name = dottedName(argument);
  const first = name?.split('.')[0];
  if (name === undefined || first === undefined || first === 'self' || first === 'cls') return 'unknown';
  const isParameter = site.functions.some((made) => parametersOf(made).has(first));
  if (isParameter) return 'unknown';
  const values = site.scopes.find((scope) => scope.has(first))?.get(first) ?? [];
  if (values.length > 0 && depth > 0) {
    const targets = values.slice(0, 8).map((value) => targetOf(value, context, depth - 1));
    const known = targets.flatMap((one) => (typeof one === 'string' ? [] : one));
    return targets.includes('unknown') ? 'unknown' : known.length === 0 ? 'foreign' : [...new Set([path, ...known])];
  }
  const place = definitionOf(name, view);
  if (place !== undefined) return [place.path];
  if (view.names.imports.has(first)) return 'foreign';
  const isOwn = view.functions.has(first) || view.classes.some(({ node }) => node.name === first);
  return isOwn ? [path] : 'unknown';
}

/** True for a parameter, and for what hangs on one by attributes. */
function isGiven(argument: ExprNode, { functions }: Site): boolean {
  const first = dottedName(argument)?.split('.')[0] ?? '';
  return functions.some((made) => parametersOf(made).has(first));
}

function parametersOf({ args }: Site['functions'][number]): ReadonlySet<string> {
  const all = [...args.posonlyargs, ...args.args, ...args.kwonlyargs, args.vararg, args.kwarg];
  return new Set(all.flatMap((one) => (one === undefined ? [] : [one.arg])));
}

/** `fast = njit(cache=True)`, `def fast(f): return njit(cache=True)(f)`. */
function carrierOf(use: ReaderUse): Carrier | undefined {
  const { view, site, argument, reader } = use;
  if (argument === undefined && (site.decorates !== undefined || !reader.needsCache)) return undefined;
  if (argument !== undefined && !isGiven(argument, site)) return undefined;
  const { top } = site;
  const { path } = view.module;
  if (top.nodeType === 'FunctionDef' || top.nodeType === 'AsyncFunctionDef') return { path, name: top.name, use };
  const [target] = top.nodeType === 'Assign' ? top.targets : [];
  return target?.nodeType === 'Name' && argument === undefined ? { path, name: target.id, use } : undefined;
}

/** The uses that a module makes of such a name. */
export function findCarrierUses(view: ModuleView, { path, name, use }: Carrier): readonly ReaderUse[] {
  return view.sites.flatMap((site) => {
    const called = dottedName(site.node.nodeType === 'Call' ? site.node.func : site.node);
    if (called === undefined) return [];
    const place = definitionOf(called, view);
    const isIt =
      place === undefined ? path === view.module.path && called === name : place.path === path && place.name === name;
    if (!isIt || site.functions.some((made) => made.name === name)) return [];
    return [withArgument({ view, site, reader: use.reader, shown: name }, false)];
  });
}
