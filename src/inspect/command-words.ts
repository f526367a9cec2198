/** What the command of an image will import or open, as far as its words tell. */
export interface CommandNeeds {
  /** The program that is executed first, and the one behind wrappers (`tini --`, `env`). */
  readonly programs: readonly string[];
  readonly modules: readonly CommandModule[];
  /** A Python file, relative to the working folder. */
  readonly script?: string;
  /** Folders that options add to `sys.path`. */
  readonly folders: readonly string[];
}

export interface CommandModule {
  /** Dotted. */
  readonly module: string;
  /** True where `-m` runs it: a package then needs `__main__`. */
  readonly isRun: boolean;
}

/** Programs that run the rest of their arguments. */
const wrappers = new Set([
  'tini',
  'tini-static',
  'dumb-init',
  'catatonit',
  'env',
  'exec',
  'nice',
  'setpriv',
  'su-exec',
  'gosu',
]);
/** Servers that take `MODULE:ATTRIBUTE`. */
const servers = new Set(['uvicorn', 'gunicorn', 'hypercorn', 'granian', 'daphne', 'waitress-serve', 'fastapi']);
const folderOptions = new Set(['--app-dir', '--chdir', '--pythonpath', '--working-dir']);
const workerOptions = new Set(['-k', '--worker-class']);
const target = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):[A-Za-z_][\w.]*(?:\(.*\))?$/;

/** Reads the words of a command in exec form. Shells and programs that are not known are told by name only. */
export function readCommandWords(words: readonly string[]): CommandNeeds {
  const programs: string[] = [];
  let rest = words;
  for (let depth = 0; depth < 5 && rest.length > 0; depth++) {
    const [program = '', ...others] = rest;
    programs.push(program);
    if (!wrappers.has(nameOf(program))) break;
    const at = others.findIndex((word) => !word.startsWith('-') && !/^\w+=/.test(word));
    // Options of wrappers may have values: only what follows `--`, or comes first, is surely a program.
    const dashes = others.indexOf('--');
    if (dashes >= 0) rest = others.slice(dashes + 1);
    else if (at >= 0 && others.slice(0, at).every((word) => /^\w+=/.test(word))) rest = others.slice(at);
    else break;
  }
  const [program = '', ...args] = rest;
  const name = nameOf(program);
  if (/^python(?:3(?:\.\d+)?)?$/.test(name)) return { programs, ...pythonNeeds(args) };
  if (servers.has(name)) return { programs, ...serverNeeds(args) };
  if (name === 'celery') return { programs, ...celeryNeeds(args) };
  return { programs, modules: [], folders: [] };
}

function nameOf(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}

/** The interpreter's own options end with `-m`, `-c`, or the first word that is none (Python: Command line and environment). */
function pythonNeeds(args: readonly string[]): Omit<CommandNeeds, 'programs'> {
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    if (word === '-m' || /^-[a-zA-Z]*m$/.test(word)) return moduleNeeds(args[index + 1] ?? '', args.slice(index + 2));
    if (word === '-c' || word === '-') break;
    if (word === '-W' || word === '-X') index++;
    else if (!word.startsWith('-')) return { modules: [], script: word, folders: [] };
  }
  return { modules: [], folders: [] };
}

function moduleNeeds(module: string, args: readonly string[]): Omit<CommandNeeds, 'programs'> {
  if (!/^[\w.]+$/.test(module)) return { modules: [], folders: [] };
  const run = { module, isRun: true };
  const inner = servers.has(module) ? serverNeeds(args) : { modules: [], folders: [] };
  return { modules: [run, ...inner.modules], folders: inner.folders };
}

function serverNeeds(args: readonly string[]): Omit<CommandNeeds, 'programs'> {
  const modules: CommandModule[] = [];
  const folders: string[] = [];
  let app: string | undefined;
  for (let index = 0; index < args.length; index++) {
    const [option = '', inline] = split(args[index] ?? '');
    if (folderOptions.has(option)) folders.push(...(inline ?? args[++index] ?? '').split(','));
    else if (workerOptions.has(option)) modules.push(...classModule(inline ?? args[++index] ?? ''));
    else app ??= target.exec(option)?.[1];
  }
  return { modules: [...(app === undefined ? [] : [{ module: app, isRun: false }]), ...modules], folders };
}

function celeryNeeds(args: readonly string[]): Omit<CommandNeeds, 'programs'> {
  for (const [index, word] of args.entries()) {
    const [option = '', inline] = split(word);
    if (option !== '-A' && option !== '--app') continue;
    const [, module] = /^([A-Za-z_][\w.]*)(?::\w+)?$/.exec(inline ?? args[index + 1] ?? '') ?? [];
    // The last part may be an attribute: only the first is surely a module.
    return {
      modules: module === undefined ? [] : [{ module: module.split('.', 1)[0] ?? '', isRun: false }],
      folders: [],
    };
  }
  return { modules: [], folders: [] };
}

/** `--chdir=app` in two. */
function split(word: string): readonly [string, string?] {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** `uvicorn.workers.UvicornWorker`; the plain names are gunicorn's own. */
function classModule(text: string): readonly CommandModule[] {
  const [, module] = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.[A-Z]\w*$/.exec(text) ?? [];
  return module === undefined ? [] : [{ module, isRun: false }];
}
