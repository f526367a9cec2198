import type { Call, ExprNode } from 'py-ast';
import { fullNames } from '../import-names.ts';
import type { Scopes } from '../literal-values.ts';
import { dottedName, flatStatements, keywordOf, numberOf, stringOf } from '../python-syntax.ts';
import { definitionOf, type ModuleView } from './module-view.ts';

/** Stands before a path that begins at the project's folder. */
export const anchor = '\u0001';
/** Stands for a piece of a path that the source does not say. */
export const unknown = '\u0000';

interface Reader {
  readonly view: ModuleView;
  readonly scopes: Scopes;
  /** Steps that are left: names may be bound to each other in circles. */
  readonly budget: { left: number };
}

const mostTexts = 16;
const longestText = 1000;

/** The paths that an expression may be, with `anchor` and `unknown` in them; `__file__` is the module's own path. */
export function pathTextsOf(node: ExprNode | undefined, view: ModuleView, scopes: Scopes): readonly string[] {
  return read(node, { view, scopes, budget: { left: 500 } });
}

function read(node: ExprNode | undefined, reader: Reader): readonly string[] {
  reader.budget.left -= 1;
  if (node === undefined || reader.budget.left < 0) return [unknown];
  const text = stringOf(node);
  if (text !== undefined) return [text.length > longestText ? unknown : text];
  return [...new Set(readOther(node, reader))].slice(0, mostTexts);
}

function readOther(node: ExprNode, reader: Reader): readonly string[] {
  switch (node.nodeType) {
    case 'Name':
      return readName(node.id, reader);
    case 'BinOp': {
      const [left, right] = [read(node.left, reader), read(node.right, reader)];
      if (node.op.nodeType === 'Div') return combine([left, right], joinTexts);
      if (node.op.nodeType === 'Add') return combine([left, right], concat);
      return node.op.nodeType === 'Mod' ? left.map((one) => one.replaceAll(/%[-\d.]*[a-z]/g, unknown)) : [unknown];
    }
    case 'JoinedStr':
      return combine(
        node.values.map((value) => read(value.nodeType === 'FormattedValue' ? value.value : value, reader)),
        concat,
      );
    case 'IfExp':
      return [...read(node.body, reader), ...read(node.orelse, reader)];
    case 'BoolOp':
      return node.values.flatMap((value) => read(value, reader));
    case 'NamedExpr':
    case 'Await':
    case 'Starred':
      return read(node.value, reader);
    case 'Attribute':
      return readAttribute(node, reader);
    case 'Subscript':
      return readSubscript(node, reader);
    case 'Call':
      return readCall(node, reader);
    default:
      return [unknown];
  }
}

function readName(name: string, reader: Reader): readonly string[] {
  const { view, scopes } = reader;
  if (name === '__file__') return [`${anchor}/${view.module.path}`];
  const values = scopes.find((scope) => scope.has(name))?.get(name);
  if (values !== undefined) {
    if (values.length === 0 || values.length > 8) return [unknown];
    return values.flatMap((value) => read(value, reader));
  }
  return readElsewhere(name, reader);
}

/** A constant of another module of the project. */
function readElsewhere(name: string, reader: Reader): readonly string[] {
  const place = definitionOf(name, reader.view);
  const other = place === undefined ? undefined : reader.view.viewOf(place.path);
  if (place === undefined || other === undefined || other === reader.view) return [unknown];
  const scopes: Scopes = [other.sites[0]?.scopes.at(-1) ?? new Map()];
  const values = scopes[0]?.get(place.name) ?? [];
  return values.length === 0 || values.length > 8
    ? [unknown]
    : values.flatMap((value) => read(value, { ...reader, view: other, scopes }));
}

function readAttribute(node: Extract<ExprNode, { nodeType: 'Attribute' }>, reader: Reader): readonly string[] {
  const { view } = reader;
  if (node.attr === 'parent') return read(node.value, reader).map(folderOf);
  const names = fullNames(node, view.names);
  if (names.includes('os.sep')) return ['/'];
  if (names.includes('os.curdir')) return ['.'];
  const owner = dottedName(node.value) ?? '';
  if (owner === 'self' || owner === 'cls' || view.classes.some((one) => one.node.name === owner)) {
    const values = view.attributes.get(node.attr) ?? [];
    if (values.length > 0 && values.length <= 8) return values.flatMap((value) => read(value, reader));
  }
  if (node.attr === '__file__' || node.attr === '__path__') {
    const path = definitionOf(owner, view);
    if (path?.name === '')
      return [node.attr === '__file__' ? `${anchor}/${path.path}` : folderOf(`${anchor}/${path.path}`)];
    return [unknown];
  }
  const name = dottedName(node);
  return name === undefined ? [unknown] : readElsewhere(name, reader);
}

function readSubscript(node: Extract<ExprNode, { nodeType: 'Subscript' }>, reader: Reader): readonly string[] {
  const { value } = node;
  if (value.nodeType === 'Name' && value.id === '__path__') return [folderOf(`${anchor}/${reader.view.module.path}`)];
  if (value.nodeType !== 'Attribute') return [unknown];
  if (value.attr === '__path__') return read(value, reader);
  if (value.attr !== 'parents') return [unknown];
  const count = numberOf(node.slice);
  if (count === undefined || !Number.isInteger(count) || count < 0 || count > 50) return [unknown];
  return read(value.value, reader).map((text) => {
    let result = text;
    for (let step = 0; step <= count; step += 1) result = folderOf(result);
    return result;
  });
}

const sameText =
  /^(?:str|os\.(?:fspath|path\.(?:abspath|realpath|normpath|expanduser|expandvars|relpath|normcase))|inspect\.getfile)$/;
const joining = /^(?:os\.path\.join|(?:pathlib\.|anyio\.|aiopath\.|upath\.)?(?:Pure|Posix|Async|U)*Path)$/;
const sameMethod = /^(?:resolve|absolute|expanduser|as_posix|strip|rstrip|lower)$/;

function readCall(call: Call, reader: Reader): readonly string[] {
  const { view } = reader;
  const names = fullNames(call.func, view.names);
  const first = call.args[0];
  if (names.some((name) => joining.test(name)))
    return call.args.length === 0
      ? ['.']
      : combine(
          call.args.map((value) => read(value, reader)),
          joinTexts,
        );
  if (names.some((name) => sameText.test(name))) return read(first, reader);
  if (names.includes('os.path.dirname')) return read(first, reader).map(folderOf);
  if (names.some((name) => /^(?:os\.getcwdb?|pathlib\.Path\.cwd)$/.test(name))) return ['.'];
  if (names.some((name) => /^os\.(?:getenv|environ\.get)$/.test(name))) return read(call.args[1], reader);
  if (names.some((name) => /^importlib[._]resources\.files$/.test(name))) return readPackage(first, view);
  if (names.some((name) => /^(?:pkg_resources\.)resource_filename$/.test(name)))
    return combine([readPackage(first, view), read(call.args[1], reader)], joinTexts);
  if (call.func.nodeType === 'Attribute') {
    const { attr, value } = call.func;
    if (sameMethod.test(attr)) return read(value, reader);
    if (attr === 'joinpath')
      return combine(
        [value, ...call.args].map((one) => read(one, reader)),
        joinTexts,
      );
    if (attr === 'with_name') return combine([read(value, reader).map(folderOf), read(first, reader)], joinTexts);
    if (attr === 'with_suffix')
      return combine([read(value, reader).map((text) => text.replace(/\.[^./]*$/, '')), read(first, reader)], concat);
    if (attr === 'format') return read(value, reader).map((text) => text.replaceAll(/\{[^{}]*\}/g, unknown));
  }
  return readReturned(call, reader);
}

/** What a function of the same module returns, as far as that hangs on nothing else. */
function readReturned(call: Call, reader: Reader): readonly string[] {
  const name = dottedName(call.func);
  const made = name === undefined ? undefined : reader.view.functions.get(name.replace(/^self\./, ''));
  if (made === undefined) return [unknown];
  const values = [...flatStatements(made.body)].flatMap((one) => (one.nodeType === 'Return' ? (one.value ?? []) : []));
  return values.length === 0 || values.length > 4 ? [unknown] : values.flatMap((value) => read(value, reader));
}

function readPackage(node: ExprNode | undefined, view: ModuleView): readonly string[] {
  const name = dottedName(node);
  if (name === '__package__' || name === '__name__') return [folderOf(`${anchor}/${view.module.path}`)];
  const module = stringOf(node);
  const path = module === undefined ? undefined : view.index.resolveImport(view.module.path, module);
  if (path !== undefined) return [folderOf(`${anchor}/${path}`)];
  const place = definitionOf(name, view);
  return place?.name === '' ? [folderOf(`${anchor}/${place.path}`)] : [unknown];
}

/** The value of an argument by its place or name. */
export function argumentOf(call: Call, position: number, ...keywords: readonly string[]): ExprNode | undefined {
  return call.args[position] ?? keywords.map((name) => keywordOf(call, name)).find((value) => value !== undefined);
}

function combine(
  parts: readonly (readonly string[])[],
  merge: (left: string, right: string) => string,
): readonly string[] {
  return parts.reduce(
    (lefts, rights) => lefts.flatMap((left) => rights.map((right) => merge(left, right))).slice(0, mostTexts),
    [''],
  );
}

function concat(left: string, right: string): string {
  if (left.length + right.length > longestText) return unknown;
  return left.endsWith(unknown) && right.startsWith(unknown) ? left + right.slice(1) : left + right;
}

export function joinTexts(left: string, right: string): string {
  if (left === '' || right.startsWith('/') || right.startsWith(anchor)) return right;
  return concat(left, left.endsWith('/') ? right : `/${right}`);
}

function folderOf(text: string): string {
  const slash = text.lastIndexOf('/');
  if (slash < 0) return text.includes(unknown) ? unknown : '.';
  return slash === 0 ? '/' : text.slice(0, slash);
}
