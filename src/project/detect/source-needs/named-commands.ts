import { ancestorsOf, joinPath } from '../python-index.ts';

const shells = /^(?:.*\/)?(?:ba|da|a|z)?sh$/;
/** Where `fastapi run` looks when it is given no file. */
const fastapiDefaults = ['main.py', 'app.py', 'api.py', 'app/main.py', 'app/app.py', 'app/api.py'];

/**
 * The sources that a command opens by their names, so that they must stay sources: `python manage.py`, `gunicorn -c conf.py`,
 * `streamlit run app.py` with its pages, `FLASK_APP=pkg/app.py`. What is named as a module is found as bytecode. `command` is in exec form;
 * the line of `sh -c LINE` is read too. `files` are paths of the project; so are those that are returned, sorted as `files` are.
 */
export function sourcesNamedBy(command: readonly string[], files: readonly string[]): readonly string[] {
  const words = command.flatMap((word, index) =>
    index > 0 && /^-\w*c$/.test(command[index - 1] ?? '') && shells.test(command[0] ?? '') ? wordsOfLine(word) : [word],
  );
  const sources = new Set(files.filter((path) => path.endsWith('.py')));
  const named = new Set<string>();
  for (const word of words) for (const path of filesOf(word, sources)) named.add(path);
  const programs = new Set(words.map((word) => word.split('/').at(-1) ?? ''));
  for (const path of implied(programs, words, named, sources)) named.add(path);
  return files.filter((path) => named.has(path));
}

/** What programs open beside what they are told. */
function implied(
  programs: ReadonlySet<string>,
  words: readonly string[],
  named: ReadonlySet<string>,
  sources: ReadonlySet<string>,
): readonly string[] {
  const found: string[] = [];
  const add = (test: (path: string) => boolean): void => void found.push(...[...sources].filter(test));
  if (programs.has('gunicorn')) add(isGunicornConfig);
  if (programs.has('locust') && named.size === 0) add((path) => /(?:^|\/)locustfile\.py$/.test(path));
  if (programs.has('streamlit'))
    for (const path of named) {
      const pages = joinPath(parentOf(path), 'pages');
      add((other) => parentOf(other) === pages);
    }
  if (programs.has('fastapi') && named.size === 0 && !words.includes('--entrypoint'))
    add((path) => fastapiDefaults.includes(path));
  // Both walk up the packages by their `__init__.py` to know the module's name.
  if (programs.has('fastapi') || programs.has('flask') || words.some((word) => word.startsWith('FLASK_APP='))) {
    for (const path of [...named, ...found])
      for (const folder of ancestorsOf(path)) add((other) => other === `${folder}/__init__.py`);
  }
  if (programs.has('bokeh') || programs.has('panel'))
    for (const word of words)
      add((path) => path === joinPath(word.replace(/^\.\//, '').replace(/\/+$/, ''), 'main.py'));
  return found;
}

/** gunicorn reads it from its working folder without being told, and starts without it where it is not there. */
export function isGunicornConfig(path: string): boolean {
  return /(?:^|\/)gunicorn\.conf\.py$/.test(path);
}

function wordsOfLine(line: string): readonly string[] {
  return line
    .slice(0, 20_000)
    .split(/[\s;&|()<>`]+/)
    .map((word) => word.replaceAll(/["'\\]/g, ''))
    .filter((word) => word !== '');
}

/** The sources that a word means: `--config=x.py`, `file:x.py`, `x.py:app`, `a.py,b.py`, `/app/x.py`. */
function filesOf(word: string, sources: ReadonlySet<string>): readonly string[] {
  if (!word.includes('.py') || word.length > 10_000) return [];
  return word.split(/[=,:]/).flatMap((part) => {
    const path = part.replace(/^(?:\.\/|\$\{?\w+\}?\/)+/, '');
    if (!path.endsWith('.py')) return [];
    if (sources.has(path)) return [path];
    const parts = path.split('/').filter((one) => one !== '' && one !== '.');
    // The image has the application in a folder that is not known here, and the command may run in one below.
    if (path.startsWith('/'))
      for (let skipped = 1; skipped < parts.length; skipped += 1) {
        const rest = parts.slice(skipped).join('/');
        if (sources.has(rest)) return [rest];
      }
    return path.startsWith('/') ? [] : [...sources].filter((one) => one.endsWith(`/${parts.join('/')}`));
  });
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
