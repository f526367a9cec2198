import type { Call, StmtNode } from 'py-ast';
import type { Because } from '../../base/because.ts';
import { mapLimit } from '../../base/concurrency.ts';
import { addImports, fullNames, type Names } from './import-names.ts';
import { assignmentsIn, commandsOf, type Scopes, textsOf } from './literal-values.ts';
import { libraryName, nativeFunctionOf, type NativeFunction, programName, programsOfLine } from './native-functions.ts';
import type { PythonIndex, PythonModule } from './python-index.ts';
import { type AnyNode, isCall, isImport, isNode } from './syntax-nodes.ts';

/** A library that the application loads by name, or a program that it executes or looks for. */
export interface NativeCall {
  readonly kind: 'library' | 'program';
  /** `libmagic.so.1`, `ffmpeg`; with `isShort` what `find_library` takes: `magic`. */
  readonly name: string;
  readonly isShort?: true;
  readonly because: Because;
}

/** Reading a source as a tree costs far more than this: plain words (`which`) count as calls only. */
const mentionsNative =
  /\b(?:ctypes|dlopen|subprocess|pexpect|run_process|open_process|find_executable|create_subprocess_\w+)\b|\b(?:which|system|popen|exec[lv]\w*|spawn[lv]\w*|posix_spawnp?)\s*\(/;
/** Beyond these, a project is not one that a person wrote, or not one that a person reads findings of. */
const mostSources = 5000;
const mostCalls = 1000;

/**
 * What the sources load by ctypes and cffi and execute by `subprocess` and its kin, as far as names stand in them, in the order of
 * files and lines. They are findings, not facts: a branch may never run. Sources that are no Python are passed over.
 */
export async function findNativeCalls(index: PythonIndex): Promise<readonly NativeCall[]> {
  const paths = index.paths.slice(0, mostSources);
  await mapLimit(paths, 32, index.readText);
  const found = new Map<string, NativeCall>();
  for (const path of paths) {
    if (found.size >= mostCalls) break;
    if (!mentionsNative.test(await index.readText(path))) continue;
    for (const call of callsOfModule(await index.readModule(path))) {
      const { kind, name, isShort, because } = call;
      found.set([because.file, because.line, kind, name, isShort].join('\n'), call);
    }
  }
  return [...found.values()].slice(0, mostCalls);
}

function callsOfModule(module: PythonModule): readonly NativeCall[] {
  const imports = new Map(module.imports);
  const stars: string[] = [];
  const calls: { readonly call: Call; readonly scopes: Scopes }[] = [];
  const visit = (node: unknown, scopes: Scopes): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item, scopes);
      return;
    }
    if (!isNode(node)) return;
    if (isCall(node)) calls.push({ call: node, scopes });
    else if (isImport(node)) addImports(node, imports, stars);
    const inner = isFunction(node) ? [assignmentsIn(node.body), ...scopes] : scopes;
    for (const value of Object.values(node)) if (typeof value === 'object' && value !== null) visit(value, inner);
  };
  visit(module.body, [assignmentsIn(module.body)]);
  return calls
    .flatMap(({ call, scopes }) => describe(call, scopes, { imports, stars }, module.path))
    .toSorted((left, right) => (left.because.line ?? 0) - (right.because.line ?? 0));
}

function describe(call: Call, scopes: Scopes, names: Names, file: string): readonly NativeCall[] {
  const native = nativeFunctionOf(fullNames(call.func, names), call);
  if (native === undefined) return [];
  return namesIn(native, scopes).map(({ kind, name, isShort }) => {
    const verb = kind === 'library' ? 'loads' : native.takes === 'program' ? 'names' : 'executes';
    const because = { file, line: call.lineno, rule: `\`${native.name}\` ${verb} \`${name}\`` };
    return isShort ? { kind, name, isShort, because } : { kind, name, because };
  });
}

interface NativeName {
  readonly kind: NativeCall['kind'];
  readonly name: string;
  readonly isShort?: true;
}

function namesIn(
  { name: functionName, takes, argument }: NativeFunction & { readonly name: string },
  scopes: Scopes,
): readonly NativeName[] {
  if (takes === 'command' || takes === 'line') {
    const commands = commandsOf(argument, scopes);
    return commands
      .flatMap((command) => {
        if ('line' in command) return programsOfLine(command.line.text, command.line.isWhole);
        return command.word.isWhole ? (programName(command.word.text) ?? []) : [];
      })
      .map((name) => ({ kind: 'program', name }));
  }
  const texts = textsOf(argument, scopes).filter(({ isWhole }) => isWhole);
  return texts.flatMap(({ text }): NativeName | readonly NativeName[] => {
    if (takes === 'program') return named('program', programName(text));
    const isShort = takes === 'short' || (functionName === 'ffi.dlopen' && !text.includes('.so'));
    if (!isShort) return named('library', libraryName(text));
    return /^[A-Za-z][\w.+-]{0,99}$/.test(text) ? { kind: 'library', name: text, isShort } : [];
  });
}

function named(kind: NativeCall['kind'], name: string | undefined): readonly NativeName[] {
  return name === undefined ? [] : [{ kind, name }];
}

type FunctionStatement = Extract<StmtNode, { nodeType: 'FunctionDef' | 'AsyncFunctionDef' }>;

function isFunction(node: AnyNode): node is FunctionStatement {
  return node.nodeType === 'FunctionDef' || node.nodeType === 'AsyncFunctionDef';
}
