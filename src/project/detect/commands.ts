import type { Because } from '../../base/because.ts';

/** What a command line says about the application. */
export interface CommandEvidence {
  readonly because: Because;
  readonly words: readonly string[];
  /** `uvicorn`, `gunicorn`, `fastapi`, `python`. */
  readonly program: string;
  /** `pkg.mod:app`, also `pkg.mod:create_app` with `isFactory`. */
  readonly target?: string;
  /** Path of a script, relative to where the command runs. */
  readonly script?: string;
  /** `pkg.mod` of `python -m pkg.mod`. */
  readonly module?: string;
  readonly isFactory: boolean;
  readonly port?: number;
  /** `--app-dir`, `--chdir`, `--pythonpath`. */
  readonly folder?: string;
}

const runners: Readonly<Record<string, readonly string[]>> = {
  uv: ['run'],
  poetry: ['run'],
  pdm: ['run'],
  pipenv: ['run'],
  hatch: ['run'],
  rye: ['run'],
  pipx: ['run'],
};
const prefixes = new Set([
  'exec',
  'nohup',
  'time',
  'tini',
  'dumb-init',
  'opentelemetry-instrument',
  'ddtrace-run',
  'newrelic-admin',
  'run-program',
  'env',
  '--',
]);
const servers = new Set(['uvicorn', 'gunicorn', 'hypercorn', 'granian', 'daphne', 'waitress-serve', 'uwsgi', 'nuxt']);
const targetPattern = /^[A-Za-z_][\w.]*:[A-Za-z_]\w*(?:\(\))?$/;

/** Reads a command in exec form. Undefined where it starts nothing of Python's. */
export function parseCommand(words: readonly string[], because: Because): CommandEvidence | undefined {
  const rest = stripRunners(words);
  const program = baseName(rest[0] ?? '');
  const args = rest.slice(1);
  const base = {
    because,
    words: rest,
    program,
    isFactory: args.includes('--factory'),
    ...portOption(args),
    ...folderOption(args),
  };
  if (servers.has(program)) return serverEvidence(base, args);
  if (program === 'fastapi' || program === 'sanic' || program === 'litestar' || program === 'flask')
    return frameworkEvidence(base, args);
  if (/^python(?:3(?:\.\d+)?)?$/.test(program)) return pythonEvidence(base, args, because);
  return /^[A-Za-z_][\w.-]*$/.test(program) ? base : undefined;
}

type Base = Omit<CommandEvidence, 'target' | 'script' | 'module'>;

function serverEvidence(base: Base, args: readonly string[]): CommandEvidence {
  const free = args.filter(
    (_arg, index) => !/^(?:-c|--config|--log-config|-k|--worker-class)$/.test(args[index - 1] ?? ''),
  );
  const found =
    free.find((arg) => targetPattern.test(arg)) ?? free.find((arg, index) => isModuleArgument(arg, free[index - 1]));
  if (found === undefined) return base;
  const isCall = found.endsWith('()');
  const target = (isCall ? found.slice(0, -2) : found).includes(':')
    ? found.replace(/\(\)$/, '')
    : `${found}:application`;
  return { ...base, target, isFactory: base.isFactory || isCall };
}

/** `gunicorn site.wsgi`: the attribute is `application` then. */
function isModuleArgument(arg: string, before: string | undefined): boolean {
  return (
    /^[A-Za-z_]\w*(?:\.\w+)+$/.test(arg) &&
    (before === undefined || !before.startsWith('-')) &&
    !/\.(?:py|toml|ini|conf|txt)$/.test(arg)
  );
}

function frameworkEvidence(base: Base, args: readonly string[]): CommandEvidence {
  const option = optionOf(args, ['--app', '-A', '--entrypoint', '-e']);
  const target = [option, ...args].find((arg) => arg !== undefined && targetPattern.test(arg));
  if (target !== undefined) return { ...base, target: target.replace(/\(\)$/, '') };
  const script = [...args, option].find((arg) => arg?.endsWith('.py') === true);
  return script === undefined ? base : { ...base, script };
}

function pythonEvidence(base: Base, args: readonly string[], because: Because): CommandEvidence | undefined {
  const flag = args.indexOf('-m');
  const script = args.find((arg) => !arg.startsWith('-'));
  if (flag >= 0 && (script === undefined || args.indexOf(script) > flag)) {
    const module = args[flag + 1] ?? '';
    if (servers.has(module) || module === 'fastapi' || module === 'flask')
      return parseCommand([module, ...args.slice(flag + 2)], because);
    return { ...base, module };
  }
  return script === undefined || !/\.py$|^[\w./-]+$/.test(script)
    ? base
    : { ...base, script: script.replace(/^\.\//, '') };
}

function stripRunners(words: readonly string[]): readonly string[] {
  let rest = words;
  for (let step = 0; step < 12; step += 1) {
    const first = baseName(rest[0] ?? '');
    const subcommands = Object.hasOwn(runners, first) ? runners[first] : undefined;
    if (subcommands !== undefined && subcommands.includes(rest[1] ?? '')) {
      rest = rest.slice(2);
      while ((rest[0] ?? '').startsWith('-'))
        rest = rest.slice(
          /^--(?:extra|group|package|directory|project|with|python|env-file)$/.test(rest[0] ?? '') ? 2 : 1,
        );
    } else if (prefixes.has(first) || /^[A-Za-z_]\w*=/.test(rest[0] ?? '')) rest = rest.slice(1);
    else break;
  }
  return rest;
}

function baseName(word: string): string {
  return word.split('/').at(-1) ?? word;
}

function optionOf(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (names.includes(arg)) return args[index + 1];
    const joined = names.find((name) => name.startsWith('--') && arg.startsWith(`${name}=`));
    if (joined !== undefined) return arg.slice(joined.length + 1);
  }
  return undefined;
}

function portOption(args: readonly string[]): { readonly port?: number } {
  const bind = optionOf(args, ['--bind', '-b', '--listen']);
  const text = optionOf(args, ['--port', '-p', '-P']) ?? bind?.split(':').at(-1) ?? '';
  const port = Number(/^\$\{\w+:-?(\d+)\}$/.exec(text)?.[1] ?? (/^\d+$/.test(text) ? text : Number.NaN));
  return port > 0 && port < 65536 ? { port } : {};
}

function folderOption(args: readonly string[]): { readonly folder?: string } {
  const folder = optionOf(args, ['--app-dir', '--chdir', '--pythonpath', '--working-dir']);
  return folder === undefined ? {} : { folder: folder.replace(/^\.\/?/, '').replace(/\/$/, '') };
}

/** The commands of a shell line, one after the other; what is too intricate to be read is passed over. */
export function parseShellLine(line: string, because: Because): readonly CommandEvidence[] {
  return line
    .split(/&&|;|\|\|/)
    .map((part) => splitShellWords(part))
    .map((words) => (words === undefined ? undefined : parseCommand(words, because)))
    .filter((one) => one !== undefined);
}

/** Splits a shell line into words; undefined where it needs a shell (pipes, several commands, substitution). */
export function splitShellWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*(?:((?:[^\s"'\\|&;<>()`$]|\\.|\$\{\w+(?::?-[^}]*)?\}|\$\w+|"(?:[^"\\`]|\\.)*"|'[^']*')+))/y;
  let position = 0;
  while (position < line.length) {
    if (/^\s*$/.test(line.slice(position))) return words;
    pattern.lastIndex = position;
    const found = pattern.exec(line);
    if (found?.[1] === undefined) return undefined;
    words.push(
      found[1].replace(
        /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
        (_all, double?: string, single?: string, escaped?: string) => double ?? single ?? escaped ?? '',
      ),
    );
    position = pattern.lastIndex;
  }
  return words;
}
