import type { Because } from '../../base/because.ts';
import type { EntryKind } from '../facts.ts';
import type { CommandEvidence } from './commands.ts';
import type { EntrySource } from './entry-sources.ts';
import { joinPath, type PythonIndex } from './python-index.ts';
import type { ServerCall } from './server-calls.ts';

/** Something that names an application by source and attribute. */
export interface TargetEvidence {
  readonly path: string;
  readonly attribute: string;
  /** The folder that the name is seen from, where the evidence gives it. */
  readonly importRoot?: string;
  readonly isFactory: boolean;
  readonly server: string;
  readonly weight: number;
  readonly because: Because;
}

export const weights = { configured: 80, command: 60, main: 50, call: 40 } as const;

/** What a command (of a Procfile, a Dockerfile) names: an application, or a script that starts one. */
export function targetsOfCommand(
  command: CommandEvidence,
  index: PythonIndex,
  scripts: ReadonlyMap<string, string>,
  sources: readonly EntrySource[],
  weight: number = weights.command,
): readonly TargetEvidence[] {
  const { because, isFactory, program: server } = command;
  if (command.target !== undefined) {
    const found = resolveTarget(command.target, index, command.folder);
    return found === undefined ? [] : [{ ...found, isFactory, server, weight, because }];
  }
  const path = startedSource(command, index, scripts);
  if (path === undefined) return [];
  const source = sources.find(({ module }) => module.path === path);
  if (source === undefined) return [];
  const ofFramework = server === 'fastapi' || server === 'flask' ? firstApp(source) : undefined;
  if (ofFramework !== undefined) return [{ path, attribute: ofFramework, isFactory: false, server, weight, because }];
  return targetsOfCalls(source, index).map((target) => ({ ...target, weight, because }));
}

function firstApp(source: EntrySource): string | undefined {
  const names = [...source.apps.apps.keys()];
  return names.find((name) => name === 'app') ?? names.find((name) => name === 'api') ?? names[0];
}

/** The source that a command runs: a script, `-m pkg.mod`, or the function of a console script. */
export function startedSource(
  command: CommandEvidence,
  index: PythonIndex,
  scripts: ReadonlyMap<string, string>,
): string | undefined {
  if (command.script !== undefined) {
    const script = command.script.replace(/^\/(?:\w+\/)?/, '');
    return [command.script, script].find((path) => index.has(path)) ?? uniqueEnding(index, script);
  }
  const module = command.module ?? scripts.get(command.program)?.split(':')[0];
  if (module === undefined) return undefined;
  return resolveModule(`${module}.__main__`, index)?.path ?? resolveModule(module, index)?.path;
}

/** What the server calls of a source name. */
export function targetsOfCalls(source: EntrySource, index: PythonIndex): readonly TargetEvidence[] {
  return source.calls.map((call) => targetOfCall(call, source, index)).filter((one) => one !== undefined);
}

function targetOfCall(call: ServerCall, source: EntrySource, index: PythonIndex): TargetEvidence | undefined {
  const place =
    call.target === undefined ? call.place : resolveTarget(call.target, index, undefined, source.module.path);
  if (place === undefined) return undefined;
  const attribute = 'attribute' in place ? place.attribute : place.name;
  return {
    path: place.path,
    attribute,
    isFactory: call.isFactory,
    server: call.server,
    weight: call.isMain ? weights.main : weights.call,
    because: {
      file: source.module.path,
      line: call.line,
      rule: `a call of ${call.server === 'own' ? 'its own server' : call.server}`,
    },
  };
}

/** The source and attribute of `pkg.mod:app`. */
export function resolveTarget(
  target: string,
  index: PythonIndex,
  folder?: string,
  from?: string,
): { readonly path: string; readonly attribute: string; readonly importRoot: string } | undefined {
  const [module = '', attribute = ''] = target.split(':', 2);
  const near = from?.includes('/') === true ? from.slice(0, from.lastIndexOf('/')) : undefined;
  const found = resolveModule(
    module,
    index,
    [folder, near].filter((one) => one !== undefined),
  );
  return found === undefined ? undefined : { ...found, attribute: attribute.replace(/\(\)$/, '').split('.')[0] ?? '' };
}

/** The source of `pkg.mod` as seen from the project, `src`, or the only folder from which it is found. */
export function resolveModule(
  module: string,
  index: PythonIndex,
  folders: readonly string[] = [],
): { readonly path: string; readonly importRoot: string } | undefined {
  if (!/^\w+(?:\.\w+)*$/.test(module)) return undefined;
  for (const importRoot of ['', 'src', ...folders]) {
    const path = index.resolveIn(importRoot, module);
    if (path !== undefined) return { path, importRoot };
  }
  const inner = module.replaceAll('.', '/');
  const path = uniqueEnding(index, `${inner}.py`) ?? uniqueEnding(index, joinPath(inner, '__init__.py'));
  if (path === undefined) return undefined;
  const length =
    path.length - (path.endsWith('/__init__.py') && !inner.endsWith('__init__') ? inner.length + 12 : inner.length + 3);
  return { path, importRoot: path.slice(0, Math.max(0, length - 1)) };
}

function uniqueEnding(index: PythonIndex, ending: string): string | undefined {
  const found = index.paths.filter((path) => path.endsWith(`/${ending}`));
  return found.length === 1 ? found[0] : undefined;
}

/** The kind of an application that only a command names. */
export function kindOfServer(server: string, words: readonly string[], isFactory: boolean): EntryKind {
  const isWsgi = server === 'waitress' || server === 'waitress-serve' || server === 'flask' || server === 'uwsgi';
  const isSync = server === 'gunicorn' && !words.some((word) => /Uvicorn\w*Worker|asgi/i.test(word));
  if (isWsgi || isSync) return isFactory ? 'wsgi-factory' : 'wsgi';
  return isFactory ? 'asgi-factory' : 'asgi';
}
