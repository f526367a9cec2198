import type { Call, ExprNode } from 'py-ast';
import { isTrue, keywordOf } from './python-syntax.ts';

/** How a function of Python takes what it loads or executes. */
export interface NativeFunction {
  /**
   * `short`: a library without `lib` and `.so`; `library`: a file name; `command`: a list of words, or a line where a shell is asked
   * for; `line`: a line for a shell; `program`: the name of a program.
   */
  readonly takes: 'short' | 'library' | 'command' | 'line' | 'program';
  readonly argument: ExprNode | undefined;
}

type Shape = readonly [NativeFunction['takes'], position: number, ...keywords: string[]];

const subprocess: Shape = ['command', 0, 'args'];
const shapes: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['ctypes.util.find_library', ['short', 0, 'name']],
  ...['ctypes.CDLL', 'ctypes.PyDLL', 'ctypes.cdll.LoadLibrary', 'ctypes.pydll.LoadLibrary'].map(
    (name): [string, Shape] => [name, ['library', 0, 'name']],
  ),
  ...['run', 'Popen', 'call', 'check_call', 'check_output'].flatMap((name): [string, Shape][] => [
    [`subprocess.${name}`, subprocess],
    [`gevent.subprocess.${name}`, subprocess],
  ]),
  ...['getoutput', 'getstatusoutput'].map((name): [string, Shape] => [`subprocess.${name}`, ['line', 0, 'cmd']]),
  ['os.system', ['line', 0, 'command']],
  ['os.popen', ['line', 0, 'cmd']],
  ...[
    'execl',
    'execle',
    'execlp',
    'execlpe',
    'execv',
    'execve',
    'execvp',
    'execvpe',
    'posix_spawn',
    'posix_spawnp',
  ].map((name): [string, Shape] => [`os.${name}`, ['program', 0, 'path', 'file']]),
  ...['spawnl', 'spawnle', 'spawnlp', 'spawnlpe', 'spawnv', 'spawnve', 'spawnvp', 'spawnvpe'].map(
    (name): [string, Shape] => [`os.${name}`, ['program', 1, 'path', 'file']],
  ),
  ['shutil.which', ['program', 0, 'cmd']],
  ['distutils.spawn.find_executable', ['program', 0, 'executable']],
  ...['asyncio', 'asyncio.subprocess'].flatMap((module): [string, Shape][] => [
    [`${module}.create_subprocess_exec`, ['program', 0, 'program']],
    [`${module}.create_subprocess_shell`, ['line', 0, 'cmd']],
  ]),
  ['anyio.run_process', ['command', 0, 'command']],
  ['anyio.open_process', ['command', 0, 'command']],
  ['trio.run_process', ['command', 0, 'command']],
  ['pexpect.spawn', ['line', 0, 'command']],
  ['pexpect.run', ['line', 0, 'command']],
]);

/** What a call loads or executes, by the function's full name; undefined for all others. `ffi.dlopen("x")` is known by its looks. */
export function nativeFunctionOf(
  names: readonly string[],
  call: Call,
): (NativeFunction & { readonly name: string }) | undefined {
  const name = names.find((one) => shapes.has(one));
  const shape = name === undefined ? undefined : shapes.get(name);
  if (name === undefined || shape === undefined) {
    const written = names.find((one) => /(?:^|[._])ffi\.dlopen$/i.test(one));
    return written === undefined ? undefined : { name: 'ffi.dlopen', takes: 'library', argument: call.args[0] };
  }
  const [takes, position, ...keywords] = shape;
  const argument =
    call.args[position] ?? keywords.map((keyword) => keywordOf(call, keyword)).find((value) => value !== undefined);
  return { name, takes: takes === 'command' && isTrue(keywordOf(call, 'shell')) ? 'line' : takes, argument };
}

/** Words of a shell that are no programs, beside its own syntax. */
const shellWords = new Set(
  '. : [ alias bg break case cd command continue do done echo elif else esac eval exec exit export false fg fi for function hash if in jobs kill local printf pwd read readonly return select set shift source test then time times trap true type ulimit umask unalias unset until wait while { } ! [['.split(
    ' ',
  ),
);
const wrappers = new Set([
  'command',
  'env',
  'exec',
  'nice',
  'nohup',
  'sudo',
  'time',
  'if',
  'then',
  'else',
  'do',
  'while',
  '!',
  '{',
  '(',
]);

/** The programs that a line for a shell begins its commands with. A last command that is cut off in its first word is left out. */
export function programsOfLine(line: string, isWhole: boolean): readonly string[] {
  const plain = line
    .slice(0, 10_000)
    .replaceAll(/'[^']*'|"(?:[^"\\]|\\.)*"/g, '_')
    .replaceAll(/\\\n/g, ' ');
  const parts = plain.split(/&&|\|\||[;|&\n(]/);
  return parts.flatMap((part, index) => {
    const words = part.trim().split(/\s+/);
    while (/^[A-Za-z_]\w*=/.test(words[0] ?? '') || (words.length > 1 && wrappers.has(words[0] ?? ''))) words.shift();
    const isCut = !isWhole && index === parts.length - 1 && words.length === 1 && !/\s$/.test(part);
    const [word = ''] = words;
    return isCut || shellWords.has(word) ? [] : (programName(word) ?? []);
  });
}

/** The name of a program that is looked for in `PATH` or in the system's folders; undefined for what the application brings. */
export function programName(word: string): string | undefined {
  const name = /^(?:\/(?:usr\/(?:local\/)?)?s?bin\/)?([A-Za-z0-9][\w.+-]*)$/.exec(word)?.[1];
  return name === undefined || name.length > 100 || /\.(?:exe|bat|cmd|ps1|sh|py)$/i.test(name) ? undefined : name;
}

/** The file name of a library that the loader looks for; undefined for other systems' and for what the application brings. */
export function libraryName(file: string): string | undefined {
  const name = /^(?:\/(?:usr\/(?:local\/)?)?lib(?:64)?\/(?:[\w-]+\/)?)?([\w.+-]+)$/.exec(file)?.[1];
  return name !== undefined && name.length <= 100 && /^[\w+.-]+\.so(?:\.[\d.]+)?$/.test(name) ? name : undefined;
}
