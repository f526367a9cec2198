import type { Call, ExprNode } from 'py-ast';
import { fullNames } from '../import-names.ts';
import type { Scopes } from '../literal-values.ts';
import { nativeFunctionOf } from '../native-functions.ts';
import { stringOf } from '../python-syntax.ts';
import type { ModuleView, Site } from './module-view.ts';
import { matchPaths } from './path-match.ts';
import { anchor, argumentOf, pathTextsOf, unknown } from './path-texts.ts';
import type { SourceNeed, SourceNeedKind } from './source-need.ts';

/** True where a text may use a source by its path. */
export function mentionsPath(text: string): boolean {
  if (/\.py(?:['"]|[ \t:][^\n]*['"])/.test(text)) return true;
  if (/\b(?:run_path|spec_from_file_location|SourceFileLoader|load_source|execfile)\b/.test(text)) return true;
  return (
    /__file__/.test(text) &&
    /\breplace\s*\(|\bopen(?:_code|_file)?\s*\(|\bread_(?:text|bytes)\b|\blinecache\b/.test(text)
  );
}

/** Sources that are opened, executed or looked for under their path. */
export function findNamedSources(view: ModuleView): readonly SourceNeed[] {
  if (!mentionsPath(view.module.text)) return [];
  return view.sites.flatMap((site) => (site.node.nodeType === 'Call' ? usesOf(site.node, site, view) : []));
}

const runners =
  /^(?:runpy\.run_path|imp\.load_(?:source|module)|(?:importlib\.util\.|importlib\.)?spec_from_file_location|(?:importlib\.machinery\.)?SourceFileLoader|execfile)$/;
/** Functions that make a path or a text of one and read nothing; what is made of it is looked at where it goes. */
const harmless =
  /^(?:print|len|str|repr|hash|type|isinstance|set|list|tuple|sorted|iter|os\.(?:fspath|path\.(?!exists|isfile|lexists)\w+)|pathlib\.\w+|(?:logging|logger|log|LOG|_logger|_log|warnings|click|argparse|typer|sys\.std\w+)(?:\.\w+)+|click\.echo|\w*(?:Error|Exception|Warning)|TypeVar|getattr|setattr|dict|fnmatch\.\w+|re\.\w+|glob\.\w+)$/;
const harmlessMethods =
  /^(?:joinpath|with_name|with_suffix|endswith|startswith|removesuffix|removeprefix|replace|split|rsplit|strip|rstrip|lstrip|join|format|add_argument|add_parser|glob|rglob|match|debug|info|warning|error|exception|critical|relative_to|is_relative_to|index|count|find|partition|rpartition|add|append|discard|remove)$/;
const reading =
  /^(?:read_text|read_bytes|open|exists|is_file|stat|lstat|resolve_strict|samefile|copy|copytree|rename)$/;
/** The functions that read the module itself by `__file__`; others take it for a name or a place. */
const openers =
  /^(?:open|io\.open(?:_code)?|codecs\.open|tokenize\.open|linecache\.\w+|runpy\.run_path|compile|aiofiles\.open|anyio\.open_file|py_compile\.compile|ast\.parse)$/;

function usesOf(call: Call, site: Site, view: ModuleView): readonly SourceNeed[] {
  const names = fullNames(call.func, view.names);
  const [name = ''] = names;
  const { scopes } = site;
  const method = call.func.nodeType === 'Attribute' ? call.func.attr : undefined;
  const receiver = call.func.nodeType === 'Attribute' ? call.func.value : undefined;
  const use = { call, view, scopes, name: name === '' ? (method ?? 'a call') : name.replace(/^\.+/, '') };
  if (names.some((one) => runners.test(one))) return runnersNeeds(use);
  if (method === 'from_pyfile' || method === 'run_path')
    return needsOf(use, call.args.slice(0, 1), 'run-by-path', `\`${method}\` executes`);
  if (names.some((one) => one.startsWith('streamlit.')))
    return needsOf(use, call.args, 'streamlit', `\`${use.name}\` opens the page`);
  const native = nativeFunctionOf(names, call);
  if (native !== undefined) return needsOf(use, wordsOf(call, scopes), 'command-line', `\`${native.name}\` executes`);
  if (method !== undefined && receiver !== undefined && reading.test(method)) {
    const found = needsOf(use, [receiver], 'read-by-path', `\`${method}\` reads`, true);
    if (found.length > 0) return found;
  }
  if (method === 'replace' && isOwnFile(receiver) && stringOf(call.args[0])?.includes('.py') === true) {
    return [renamed(call, view)];
  }
  if (names.some((one) => harmless.test(one)) || (method !== undefined && harmlessMethods.test(method))) return [];
  const isOpener = names.some((one) => openers.test(one));
  if (isOpener && /^[wxa]/.test(stringOf(argumentOf(call, 1, 'mode')) ?? '')) return [];
  return needsOf(use, argumentsOf(call), 'read-by-path', `\`${use.name}\` is given the file`, isOpener);
}

function isOwnFile(node: ExprNode | undefined): boolean {
  if (node?.nodeType === 'Call') return node.args.length === 1 && isOwnFile(node.args[0]);
  return node?.nodeType === 'Name' && node.id === '__file__';
}

/** Bytecode in place of its source is called `.pyc`: what is put for `.py` then comes before a `c`. */
function renamed(call: Call, { module }: ModuleView): SourceNeed {
  const rule = '`__file__.replace` makes the name of another file out of that of the source';
  return { path: module.path, kind: 'read-by-path', because: { file: module.path, line: call.lineno ?? 1, rule } };
}

interface Use {
  readonly call: Call;
  readonly view: ModuleView;
  readonly scopes: Scopes;
  readonly name: string;
}

/** Loaders take the path second, `run_path` and `execfile` first; a path that is not known at all is told. */
function runnersNeeds(use: Use): readonly SourceNeed[] {
  const { call, view, scopes } = use;
  const position = /run_path$|execfile$/.test(use.name) ? 0 : 1;
  const keyword = call.keywords.find(
    ({ arg }) => arg !== undefined && /^(?:location|path|path_name|pathname)$/.test(arg),
  );
  const path = call.args[position] ?? keyword?.value;
  const found = needsOf(use, path === undefined ? [] : [path], 'run-by-path', `\`${use.name}\` executes`, true);
  if (found.length > 0 || path === undefined) return found;
  if (!pathTextsOf(path, view, scopes).includes(unknown)) return [];
  const rule = `\`${use.name}\` executes a file whose path is not known: if it is one of the application, it must stay`;
  const because = { file: view.module.path, line: call.lineno, rule };
  return [{ path: view.module.path, kind: 'run-by-path', because, isUncertain: true }];
}

function needsOf(
  { call, view, scopes }: Use,
  nodes: readonly ExprNode[],
  kind: SourceNeedKind,
  verb: string,
  takesItself = false,
): readonly SourceNeed[] {
  const { path: module } = view.module;
  const texts = new Set(nodes.flatMap((node) => pathTextsOf(node, view, scopes)));
  const needs = new Map<string, SourceNeed>();
  for (const text of texts) {
    for (const word of text.includes(' ') ? [text, ...text.split(/\s+/)] : [text]) {
      if (!word.endsWith('.py') && !(kind === 'run-by-path' && isBelowFolder(word))) continue;
      // Below a folder that is not known, only a name that says something is enough.
      if (word.startsWith(unknown) && !/^\u0000\/(?!__init__\.py$)[^\u0000]+$/.test(word)) continue;
      const { paths } = matchPaths(word, { module, paths: view.index.paths, isPattern: false });
      for (const path of paths) {
        if (path === module && word === `${anchor}/${module}` && !takesItself) continue;
        needs.set(path, { path, kind, because: { file: module, line: call.lineno, rule: `${verb} \`${path}\`` } });
      }
    }
  }
  return [...needs.values()];
}

/** A file of a known folder, by a name that is not known. */
function isBelowFolder(text: string): boolean {
  return text.endsWith(unknown) && /^\u0001\/.+\/\u0000$|^[^\u0000]+\/\u0000$/.test(text);
}

function argumentsOf({ args, keywords }: Call): readonly ExprNode[] {
  const values = keywords.filter(
    ({ arg }) => arg !== undefined && !/^(?:prog|help|usage|description|name|title)$/.test(arg),
  );
  return [...args, ...values.map(({ value }) => value)].flatMap((node) =>
    node.nodeType === 'List' || node.nodeType === 'Tuple' ? node.elts : [node],
  );
}

/** The words of a command, also where lists are put together. */
function wordsOf(call: Call, scopes: Scopes): readonly ExprNode[] {
  const words: ExprNode[] = [];
  const visit = (node: ExprNode, depth: number): void => {
    if (depth > 6 || words.length > 200) return;
    if (node.nodeType === 'List' || node.nodeType === 'Tuple') for (const one of node.elts) visit(one, depth + 1);
    else if (node.nodeType === 'Starred') visit(node.value, depth + 1);
    else if (node.nodeType === 'BinOp' && node.op.nodeType === 'Add') {
      words.push(node);
      visit(node.left, depth + 1);
      visit(node.right, depth + 1);
    } else if (node.nodeType === 'Name') {
      const values = scopes.find((scope) => scope.has(node.id))?.get(node.id) ?? [];
      const lists = values.filter(({ nodeType }) => /^(?:List|Tuple|BinOp|Call)$/.test(nodeType));
      for (const one of lists.slice(0, 8)) visit(one, depth + 1);
      if (lists.length < values.length || values.length === 0) words.push(node);
    } else if (node.nodeType === 'Call' && node.func.nodeType === 'Attribute' && node.func.attr === 'split')
      words.push(node.args[0] ?? node, node.func.value);
    else words.push(node);
  };
  for (const node of argumentsOf(call)) visit(node, 0);
  return words;
}
