import type { Call, ExprNode, StmtNode } from 'py-ast';
import { dottedName, flatStatements, stringOf } from './python-syntax.ts';

/** What a name may be bound to, in a function and then in its module. */
export type Scopes = readonly ReadonlyMap<string, readonly ExprNode[]>[];

/** A text that an expression begins with; `whole` where it is all of it. */
export interface LeadingText {
  readonly text: string;
  readonly isWhole: boolean;
}

/** A command in exec form has words, of which the first is known; one for a shell is a line. */
export type CommandText = { readonly word: LeadingText } | { readonly line: LeadingText };

/** Steps that one expression is followed for: names may be bound to each other in circles. */
interface Budget {
  left: number;
}

const newBudget = (): Budget => ({ left: 400 });

function isSpent(budget: Budget): boolean {
  budget.left -= 1;
  return budget.left < 0;
}

/** The assignments to plain names of a function or module, in order. */
export function assignmentsIn(body: readonly StmtNode[]): ReadonlyMap<string, readonly ExprNode[]> {
  const found = new Map<string, ExprNode[]>();
  const add = (target: ExprNode, value: ExprNode): void => {
    if (target.nodeType !== 'Name') return;
    const values = found.get(target.id) ?? [];
    values.push(value);
    found.set(target.id, values);
  };
  for (const statement of flatStatements(body)) {
    if (statement.nodeType === 'Assign') for (const target of statement.targets) add(target, statement.value);
    else if (statement.nodeType === 'AnnAssign' && statement.value !== undefined)
      add(statement.target, statement.value);
  }
  return found;
}

/** The texts that an expression may be, as far as they stand in the source; beginnings of f-strings and of `"…" % x` too. */
export function textsOf(node: ExprNode | undefined, scopes: Scopes, budget = newBudget()): readonly LeadingText[] {
  if (node === undefined || isSpent(budget)) return [];
  const text = stringOf(node);
  if (text !== undefined) return [{ text, isWhole: true }];
  switch (node.nodeType) {
    case 'Name':
      return boundTo(node.id, scopes).flatMap((value) => textsOf(value, scopes, budget));
    case 'BoolOp':
      return node.values.flatMap((value) => textsOf(value, scopes, budget));
    case 'IfExp':
      return [node.body, node.orelse].flatMap((value) => textsOf(value, scopes, budget));
    case 'JoinedStr':
      return beginning(textsOf(node.values[0], scopes, budget));
    case 'BinOp':
      return beginning(textsOf(node.left, scopes, budget));
    case 'Call':
      return methodOf(node) === 'format' ? beginning(textsOf(receiverOf(node), scopes, budget)) : [];
    default:
      return [];
  }
}

/** What a command's expression says: `["ffmpeg", …]`, `["ffmpeg"] + rest`, `"ffmpeg -i x".split()`, `shlex.split("…")`. */
export function commandsOf(node: ExprNode | undefined, scopes: Scopes, budget = newBudget()): readonly CommandText[] {
  if (node === undefined || isSpent(budget)) return [];
  switch (node.nodeType) {
    case 'List':
    case 'Tuple': {
      const [first] = node.elts;
      if (first?.nodeType === 'Starred') return commandsOf(first.value, scopes, budget);
      return textsOf(first, scopes, budget).map((word) => ({ word }));
    }
    case 'Name':
      return boundTo(node.id, scopes).flatMap((value) => commandsOf(value, scopes, budget));
    case 'BoolOp':
      return node.values.flatMap((value) => commandsOf(value, scopes, budget));
    case 'IfExp':
      return [node.body, node.orelse].flatMap((value) => commandsOf(value, scopes, budget));
    case 'Call': {
      const split = splitText(node);
      return split === undefined ? asLines(node, scopes, budget) : asLines(split, scopes, budget);
    }
    case 'BinOp': {
      const left = commandsOf(node.left, scopes, budget);
      return left.some((one) => 'word' in one) ? left : asLines(node, scopes, budget);
    }
    default:
      return asLines(node, scopes, budget);
  }
}

function asLines(node: ExprNode, scopes: Scopes, budget: Budget): readonly CommandText[] {
  return textsOf(node, scopes, budget).map((line) => ({ line }));
}

/** The text that a call splits into words. */
function splitText(call: Call): ExprNode | undefined {
  if (methodOf(call) !== 'split') return undefined;
  const receiver = receiverOf(call);
  return dottedName(receiver) === 'shlex' ? call.args[0] : receiver;
}

function methodOf({ func }: Call): string | undefined {
  return func.nodeType === 'Attribute' ? func.attr : undefined;
}

function receiverOf({ func }: Call): ExprNode | undefined {
  return func.nodeType === 'Attribute' ? func.value : undefined;
}

function boundTo(name: string, scopes: Scopes): readonly ExprNode[] {
  const values = scopes.find((scope) => scope.has(name))?.get(name) ?? [];
  // A name that is bound that often is no constant, and each would be followed.
  return values.length > 8 ? [] : values;
}

function beginning(texts: readonly LeadingText[]): readonly LeadingText[] {
  return texts.map(({ text }) => ({ text, isWhole: false }));
}
