import type { Call, ExprNode, StmtNode } from 'py-ast';
import { fullNames } from '../import-names.ts';
import { textsOf } from '../literal-values.ts';
import { numberOf, stringOf } from '../python-syntax.ts';
import { isNode } from '../syntax-nodes.ts';
import { isDefinition, type ModuleView, type Site } from './module-view.ts';
import { matchPaths, mayMatchSource } from './path-match.ts';
import { anchor, argumentOf, joinTexts, pathTextsOf, unknown } from './path-texts.ts';
import type { SourceNeed } from './source-need.ts';

/** True where a text may list a folder for sources: reading the tree of others would only cost time. */
export function mentionsListing(text: string): boolean {
  return (
    /\b(?:i?r?glob|listdir|scandir|f?walk|iterdir|contents)\b/.test(text) && /\.p(?:y|\[y\]|\?)|-3\s*[:\]]/.test(text)
  );
}

/** Modules that are found by listing a folder for `*.py`: their bytecode would not be seen. */
export function findListedSources(view: ModuleView): readonly SourceNeed[] {
  if (!mentionsListing(view.module.text)) return [];
  return view.sites.flatMap((site) => {
    const { node } = site;
    if (node.nodeType !== 'Call') return [];
    const listing = listingOf(node, site, view);
    return listing === undefined ? [] : describe(listing, node, view);
  });
}

interface Listing {
  /** As it is called: `glob.glob`. */
  readonly name: string;
  readonly patterns: readonly string[];
}

function listingOf(call: Call, site: Site, view: ModuleView): Listing | undefined {
  const names = fullNames(call.func, view.names);
  const read = (node: ExprNode | undefined): readonly string[] => pathTextsOf(node, view, site.scopes);
  const globbing = names.find((name) => /^glob\.i?glob$/.test(name));
  if (globbing !== undefined) {
    const root = argumentOf(call, -1, 'root_dir');
    const folders = root === undefined ? [''] : read(root);
    const patterns = read(argumentOf(call, 0, 'pathname'));
    return asksForSources(globbing, combine(folders, patterns), site, view);
  }
  const listing = names.find((name) =>
    /^(?:os\.(?:listdir|scandir|f?walk)|importlib[._]resources\.contents)$/.test(name),
  );
  if (listing !== undefined) {
    const folders = call.args.length + call.keywords.length === 0 ? ['.'] : read(argumentOf(call, 0, 'path', 'top'));
    return asksForSources(listing, combine(folders, [listing.endsWith('walk') ? '**/*' : '*']), site, view, true);
  }
  if (call.func.nodeType !== 'Attribute' || names.some((name) => /^(?:ast|pkgutil|glob)\./.test(name)))
    return undefined;
  const { attr, value } = call.func;
  if (attr === 'glob' || attr === 'rglob') {
    const patterns = read(argumentOf(call, 0, 'pattern')).map((one) => (attr === 'rglob' ? joinTexts('**', one) : one));
    return asksForSources(`Path.${attr}`, combine(read(value), patterns), site, view);
  }
  if (attr !== 'iterdir' && !(attr === 'walk' && call.args.length === 0)) return undefined;
  return asksForSources(`Path.${attr}`, combine(read(value), [attr === 'walk' ? '**/*' : '*']), site, view, true);
}

function combine(folders: readonly string[], patterns: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => patterns.map((pattern) => joinTexts(folder, pattern)));
}

/** A pattern with `.py` in it asks for sources; `*` does where the function looks for `.py` itself. */
function asksForSources(
  name: string,
  patterns: readonly string[],
  site: Site,
  view: ModuleView,
  needsMark = false,
): Listing | undefined {
  const asking = patterns.flatMap((pattern) => {
    const last = pattern.split('/').at(-1) ?? '';
    if (!mayMatchSource(pattern)) return [];
    if (!needsMark && /\.p(?:y|\[y\]|\?)/.test(last)) return [pattern];
    const marks = marksOf(site, view);
    const inner = joinTexts(pattern, '__init__.py');
    return [...(marks.has('source') ? [pattern] : []), ...(marks.has('package') ? [inner] : [])];
  });
  return asking.length === 0 ? undefined : { name, patterns: asking };
}

const sourceText = /\.py(?![\w/])/;

/** What a function (or the module's own statements) looks for by a text that ends in `.py`, or by cutting three characters off. */
function marksOf(site: Site, view: ModuleView): ReadonlySet<'source' | 'package'> {
  const owner = site.functions.at(-1);
  const scopes = site.scopes.slice(-1);
  const marks = new Set<'source' | 'package'>();
  const mark = (text: string): void => {
    if (sourceText.test(text)) marks.add(/(?:^|\/)__init__\.py$/.test(text) ? 'package' : 'source');
  };
  const look = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) look(one);
    if (!isNode(node) || (owner === undefined && isDefinition(node))) return;
    if (isExpression(node)) {
      mark(stringOf(node) ?? '');
      if (node.nodeType === 'Name') for (const { text, isWhole } of textsOf(node, scopes)) if (isWhole) mark(text);
      if (node.nodeType === 'Slice' && (isThreeFromEnd(node.upper) || isThreeFromEnd(node.lower))) marks.add('source');
    }
    for (const value of Object.values(node)) if (typeof value === 'object' && value !== null) look(value);
  };
  look(owner === undefined ? view.module.body : withoutDocstring(owner.body));
  return marks;
}

function withoutDocstring(body: readonly StmtNode[]): readonly StmtNode[] {
  const [first] = body;
  return first?.nodeType === 'Expr' && stringOf(first.value) !== undefined ? body.slice(1) : body;
}

/** `name[:-3]`, `name[-3:]`. */
function isThreeFromEnd(node: ExprNode | undefined): boolean {
  return node?.nodeType === 'UnaryOp' && node.op.nodeType === 'USub' && numberOf(node.operand) === 3;
}

function isExpression(node: { readonly nodeType: string }): node is ExprNode {
  return node.nodeType === 'Constant' || node.nodeType === 'Name' || node.nodeType === 'Slice';
}

function describe({ name, patterns }: Listing, call: Call, view: ModuleView): readonly SourceNeed[] {
  const { path: module } = view.module;
  return patterns.flatMap((pattern): readonly SourceNeed[] => {
    const { paths, isCertain } = matchPaths(pattern, { module, paths: view.index.paths, isPattern: true });
    const shown = pattern.replaceAll(`${anchor}/`, '').replaceAll(unknown, '…');
    const place = isCertain ? '' : '; its folder is not known, so all below the folder of the module that fit stay';
    const because = {
      file: module,
      line: call.lineno,
      rule: `\`${name}\` lists \`${shown}\`: bytecode is not found by it${place}`,
    };
    const found = paths.map(
      (path): SourceNeed => ({ path, kind: 'glob', because, ...(isCertain ? {} : { isUncertain: true }) }),
    );
    if (isCertain || found.length > 0) return found;
    return [{ path: module, kind: 'glob', because, isUncertain: true }];
  });
}
