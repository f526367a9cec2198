import type { EntryCandidate } from '../facts.ts';
import type { CommandEvidence } from './commands.ts';
import { resolveModule, startedSource } from './entry-evidence.ts';
import type { EntrySource } from './entry-sources.ts';
import { findImportPlace } from './import-root.ts';
import type { PythonIndex } from './python-index.ts';
import { isMainGuard } from './python-syntax.ts';

/** Console scripts, `__main__` modules and plain scripts: what is started where there is no web application. */
export async function findScripts(
  index: PythonIndex,
  options: {
    readonly evidence: readonly CommandEvidence[];
    readonly scripts: ReadonlyMap<string, { readonly target: string; readonly line?: number }>;
  },
  sources: readonly EntrySource[],
  isSecondary: (path: string) => boolean,
): Promise<readonly EntryCandidate[]> {
  const targets = new Map([...options.scripts].map(([name, { target }]) => [name, target]));
  const started = new Map<string, CommandEvidence>();
  for (const command of options.evidence) {
    const path = startedSource(command, index, targets);
    if (path !== undefined) started.set(path, command);
  }
  const found: EntryCandidate[] = [];
  for (const [name, { target, line }] of options.scripts) {
    const source = resolveModule(target.split(':')[0] ?? '', index);
    const isStarted = options.evidence.some(({ program }) => program === name);
    const because = {
      file: 'pyproject.toml',
      ...(line === undefined ? {} : { line }),
      rule: `the console script \`${name}\``,
    };
    found.push({
      kind: 'script',
      module: name,
      importRoot: source?.importRoot ?? '',
      ...(source === undefined ? {} : { file: source.path }),
      because,
      score: isStarted ? 120 : 60,
    });
  }
  for (const path of index.paths) {
    if (isSecondary(path) && !started.has(path)) continue;
    const candidate = await scriptOf(path, index, sources, started.get(path));
    if (candidate !== undefined) found.push(candidate);
  }
  return found;
}

const frameworkScripts: readonly (readonly [RegExp, string])[] = [
  [/^\s*(?:import\s+streamlit|from\s+streamlit)\b/m, 'Streamlit'],
  [/^\s*(?:import\s+gradio|from\s+gradio)\b/m, 'Gradio'],
  [/^\s*(?:from\s+nicegui|import\s+nicegui)\b/m, 'NiceGUI'],
  [/^\s*(?:from\s+robyn|import\s+robyn)\b/m, 'Robyn'],
  [/\bweb\.run_app\(/, 'aiohttp'],
];

async function scriptOf(
  path: string,
  index: PythonIndex,
  sources: readonly EntrySource[],
  command: CommandEvidence | undefined,
): Promise<EntryCandidate | undefined> {
  const text = await index.readText(path);
  const name = path.split('/').at(-1) ?? path;
  const isMain = name === '__main__.py';
  const framework = frameworkScripts.find(([pattern]) => pattern.test(text))?.[1];
  const serves = sources.some(({ module, calls }) => module.path === path && calls.length > 0);
  const mayStart =
    isMain ||
    command !== undefined ||
    /__name__\s*(?:==\s*|in\s*[{([]\s*)['"]__main__['"]/.test(text) ||
    (framework !== undefined && isUsualName(name));
  if (!mayStart) return undefined;
  const module = await index.readModule(path);
  const guard = module.body.find(isMainGuard);
  const place = findImportPlace(index, module);
  const depth = path.split('/').length - 1;
  const score =
    40 +
    (command === undefined ? 0 : 80) +
    (serves ? 15 : 0) +
    (framework === undefined ? 0 : 10) +
    (isUsualName(name) || isMain ? 10 : 0) -
    3 * depth;
  const rule =
    command === undefined
      ? isMain
        ? 'a `__main__` module'
        : 'a script that is meant to be started'
      : command.because.rule;
  const isModule = isMain && path.includes('/');
  return {
    kind: isModule ? 'module' : 'script',
    module: isModule ? place.module.replace(/\.__main__$/, '') : path,
    importRoot: isModule ? place.importRoot : '',
    file: path,
    ...(framework === undefined ? {} : { framework }),
    because: { file: path, line: guard?.lineno ?? 1, rule },
    score,
  };
}

function isUsualName(name: string): boolean {
  return /^(?:main|app|server|run|bot|worker|start|streamlit_app)\.py$/.test(name);
}
