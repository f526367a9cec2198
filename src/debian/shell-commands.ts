import { isAction, isAlwaysFirst, isNeverFirst } from './shell-conditions.ts';
import { readShellTokens, type ShellToken } from './shell-tokens.ts';

/** One simple command that a script would run at a first installation. */
export interface ShellCommand {
  /** Variables whose values stand in the script are filled in, quotes removed; what is not known keeps its `$`. */
  readonly words: readonly string[];
  /** Files that it writes its output to. */
  readonly outputs: readonly string[];
  readonly line: number;
}

/** An open `if`, `case`, loop or group. */
interface Frame {
  readonly kind: 'if' | 'case' | 'loop' | 'group' | 'function';
  /** Not reached at a first installation. */
  dead: boolean;
  /** Of an `if`: the text of its condition, while it is read. */
  condition?: string[] | undefined;
  /** Of an `if`: its `else` is not reached. */
  elseDead?: boolean;
  /** Of a `case`: what it asks for, and whether a pattern comes next. */
  subject?: string;
  inPattern?: boolean;
  /** Of a `for`: what its variable can be. */
  readonly variable?: { readonly name: string; readonly values: readonly string[] };
  readonly name?: string;
}

/** Hostile scripts must not multiply without end. */
const mostCommands = 20_000;

/**
 * The commands of a maintainer script in their order that a first installation reaches: branches for upgrades, triggers and
 * removals are left out, functions come where they are called. A guess by form, good for scripts as Debian's are; what it does not
 * understand it keeps, so that somebody has to judge it.
 */
export function readShellCommands(script: string): readonly ShellCommand[] {
  const variables = new Map<string, string>();
  const functions = new Map<string, ShellCommand[]>();
  const main: ShellCommand[] = [];
  const frames: Frame[] = [];
  const tokens = readShellTokens(script);
  let words: ShellToken[] = [];
  let outputs: string[] = [];
  /** The command after `&&`. */
  let isSkipped = false;
  let isNegated = false;

  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const top = frames.at(-1);
    if (top?.kind === 'case' && top.inPattern === true) {
      at = readPattern(top, at);
    } else if (token.kind === 'redirection') outputs.push(token.text);
    else if (token.kind === 'word') readWord(token, at);
    else if (token.text === '(' && words.length === 1 && tokens[at + 1]?.text === ')') {
      frames.push({ kind: 'function', dead: false, name: words[0]?.text ?? '' });
      words = [];
      at = skipTo(at + 1, '{');
    } else if (token.text === '(') frames.push({ kind: 'group', dead: false });
    else readOperator(token.text);
  }
  endCommand();
  return expandCalls(main, functions);

  function skipTo(from: number, text: string): number {
    let at = from;
    while (at < tokens.length && tokens[at]?.text !== text) at += 1;
    return at;
  }

  function readWord(token: ShellToken, at: number): void {
    const isFirst = words.length === 0;
    if (isFirst && readKeyword(token.text, at)) return;
    if (token.text === 'in' && words[0]?.text === 'case') {
      const subject = words[1]?.text ?? '';
      words = [];
      frames.push({ kind: 'case', dead: false, subject, inPattern: true });
    } else words.push(token);
  }

  /** Whether the word is one that begins, divides or ends a construct. */
  function readKeyword(text: string, at: number): boolean {
    const top = frames.at(-1);
    switch (text) {
      case 'if':
        frames.push({ kind: 'if', dead: false, condition: [] });
        return true;
      case 'elif':
        if (top?.kind === 'if') {
          top.dead = top.elseDead === true;
          top.condition = [];
        }
        return true;
      case 'then':
        if (top?.kind === 'if' && top.condition !== undefined) {
          const condition = top.condition.join(' ');
          top.condition = undefined;
          top.dead = isNeverFirst(condition);
          top.elseDead = isAlwaysFirst(condition);
        }
        return true;
      case 'else':
        if (top?.kind === 'if') top.dead = top.elseDead === true;
        return true;
      case 'fi':
      case 'esac':
      case 'done':
      case '}':
        frames.pop();
        return true;
      case '{':
        frames.push({ kind: 'group', dead: false });
        return true;
      case 'while':
      case 'until':
        frames.push({ kind: 'loop', dead: false });
        return true;
      case 'for': {
        frames.push({ kind: 'loop', dead: false, variable: loopVariable(at) });
        words.push({ kind: 'word', text: 'for', line: 0 });
        return true;
      }
      case '!':
        isNegated = !isNegated;
        return true;
      case 'do':
        return true;
      default:
        return false;
    }
  }

  function loopVariable(at: number): { name: string; values: readonly string[] } {
    const values: string[] = [];
    for (let next = at + 3; tokens[next]?.kind === 'word'; next++) {
      values.push(
        ...expand(tokens[next]?.text ?? '', variables)
          .split(/\s+/)
          .filter((word) => word !== ''),
      );
    }
    return { name: tokens[at + 1]?.text ?? '', values: values.slice(0, 100) };
  }

  /** `configure | abort-upgrade)`, with or without a parenthesis before; gives the place of the last token read. */
  function readPattern(frame: Frame, from: number): number {
    const patterns: string[] = [];
    for (let at = from; at < tokens.length; at++) {
      const { kind, text } = tokens[at] ?? { kind: 'operator', text: ')' };
      if (kind === 'word' && text === 'esac' && patterns.length === 0) {
        frames.pop();
        return at;
      }
      if (text === ')') {
        frame.inPattern = false;
        frame.dead = isAction(frame.subject ?? '') && !patterns.some((one) => /configure|install/.test(one));
        return at;
      }
      if (kind === 'word') patterns.push(text.replace(/["']/g, ''));
    }
    return tokens.length;
  }

  function readOperator(text: string): void {
    const condition = frames.at(-1)?.condition;
    const parts = `${isNegated ? '! ' : ''}${words.map((word) => word.text).join(' ')}`;
    isNegated &&= words.length === 0;
    if (condition !== undefined && words.length > 0) condition.push(parts);
    if (condition !== undefined && (text === '&&' || text === '||')) condition.push(text);
    endCommand();
    // A chain that a test for an upgrade begins.
    if (text === '&&') isSkipped ||= condition === undefined && isNeverFirst(parts);
    else isSkipped = false;
    const top = frames.at(-1);
    if (text === ';;') {
      while (frames.length > 0 && frames.at(-1)?.kind !== 'case') frames.pop();
      const open = frames.at(-1);
      if (open !== undefined) open.inPattern = true;
    } else if (text === ')' && top?.kind === 'group') frames.pop();
  }

  function endCommand(): void {
    const given = words;
    const written = outputs.filter((one) => one.startsWith('>')).map((one) => one.replace(/^>[>|]?/, ''));
    words = [];
    outputs = [];
    if (given[0]?.text === 'for' || given.length === 0) return;
    if (isSkipped || frames.some((frame) => frame.dead)) return;
    const list = functionList() ?? main;
    for (const scope of scopes(frames, variables)) {
      const plain = readAssignments(given, scope);
      if (plain.length === 0 || list.length > mostCommands) continue;
      list.push({
        words: plain.flatMap((word) => expandWords(word.text, scope)),
        outputs: written.map((one) => expand(one, scope)),
        line: plain[0]?.line ?? 0,
      });
    }
  }

  function functionList(): ShellCommand[] | undefined {
    const name = frames.findLast((frame) => frame.kind === 'function')?.name;
    if (name === undefined) return undefined;
    const list = functions.get(name) ?? [];
    functions.set(name, list);
    return list;
  }

  /** What is left of a command after its `NAME=value`, which are noted where the value is known. */
  function readAssignments(given: readonly ShellToken[], scope: ReadonlyMap<string, string>): readonly ShellToken[] {
    let start = 0;
    for (; start < given.length; start++) {
      const match = /^([A-Za-z_]\w*)=([^]*)$/.exec(given[start]?.text ?? '');
      if (match === null) break;
      const [, name = '', value = ''] = match;
      const known = expand(value, scope);
      if (!/[$`]/.test(known)) variables.set(name, known);
      else if (!variables.has(name)) variables.set(name, `$${name}`);
    }
    return given.slice(start);
  }
}

/** Every combination of what the loops' variables can be. */
function scopes(frames: readonly Frame[], variables: ReadonlyMap<string, string>): ReadonlyMap<string, string>[] {
  let all: Map<string, string>[] = [new Map(variables)];
  for (const { variable } of frames) {
    if (variable === undefined || variable.values.length === 0) continue;
    all = all
      .slice(0, 100)
      .flatMap((scope) => variable.values.map((value) => new Map(scope).set(variable.name, value)));
  }
  return all;
}

/** A variable that holds several words becomes several, unless it is quoted. */
function expandWords(text: string, variables: ReadonlyMap<string, string>): readonly string[] {
  const value = expand(text, variables);
  if (!/^\$\{?\w+\}?$/.test(text)) return [value];
  return value.split(/\s+/).filter((word) => word !== '');
}

/** Known variables filled in, quotes taken away. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  if (/^'[^']*'$/.test(text)) return text.slice(1, -1);
  return text
    .replace(/\$\{DPKG_ROOT[^}]*\}|\$DPKG_ROOT/g, '')
    .replace(/\$\{(\w+)\}|\$([A-Za-z_]\w*)/g, (whole, braced: string | undefined, bare: string | undefined) => {
      const value = variables.get(braced ?? bare ?? '');
      return value ?? whole;
    })
    .replace(/["']/g, '')
    .replace(/\\([^\n])/g, '$1');
}

function expandCalls(
  commands: readonly ShellCommand[],
  functions: ReadonlyMap<string, readonly ShellCommand[]>,
): readonly ShellCommand[] {
  const called = new Set<string>();
  function visit(command: ShellCommand): readonly ShellCommand[] {
    const body = functions.get(command.words[0] ?? '');
    if (body === undefined) return [command];
    if (called.has(command.words[0] ?? '')) return [];
    called.add(command.words[0] ?? '');
    return body.flatMap(visit);
  }
  return commands.flatMap(visit).slice(0, mostCommands);
}
