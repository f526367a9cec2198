import type { Call, ExprNode } from 'py-ast';
import { mapLimit } from '../../base/concurrency.ts';
import { mentionsApplication } from './app-kinds.ts';
import { makeAppReader, type ModuleApps } from './app-values.ts';
import { mentionsHealth } from './health.ts';
import { placeOf, type PythonIndex, type PythonModule } from './python-index.ts';
import { callsIn, dottedName, keywordOf } from './python-syntax.ts';
import { findServerCalls, type ServerCall } from './server-calls.ts';

/** A source that defines, mounts or starts applications. */
export interface EntrySource {
  readonly module: PythonModule;
  readonly apps: ModuleApps;
  readonly calls: readonly ServerCall[];
  /** `path:name` of the applications that it mounts in another. */
  readonly mounted: ReadonlySet<string>;
}

/** Reads every source whose text may define or start an application. */
export async function readEntrySources(index: PythonIndex): Promise<readonly EntrySource[]> {
  const modules = new Map<string, PythonModule>();
  await mapLimit(index.paths, 32, index.readText);
  for (const path of index.paths) {
    const text = await index.readText(path);
    const passesOn = path.endsWith('__init__.py') && /app(?:lication)?\b/.test(text);
    if (passesOn || mentionsApplication(text)) modules.set(path, await index.readModule(path));
  }
  const read = makeAppReader(index, modules);
  return [...modules.values()].map((module) => ({
    module,
    apps: read(module.path),
    calls: findServerCalls(module, index),
    mounted: findMounted(module, index),
  }));
}

/** Sources that say something of folders, of the port or of health, beside those that define an application. */
export async function readServingModules(
  index: PythonIndex,
  isSecondary: (path: string) => boolean,
): Promise<readonly PythonModule[]> {
  const modules: PythonModule[] = [];
  for (const path of index.paths) {
    if (isSecondary(path)) continue;
    const text = await index.readText(path);
    const isServing = servingText.test(text) || mentionsHealth(text) || mentionsApplication(text);
    if (isServing) modules.push(await index.readModule(path));
  }
  return modules;
}

const servingText = /\b(?:StaticFiles|Jinja2Templates|FileSystemLoader)\s*\(|^\s+\w*port\s*:\s*\w+\s*=/im;

function findMounted(module: PythonModule, index: PythonIndex): ReadonlySet<string> {
  const mounted = new Set<string>();
  for (const call of callsIn(module.body)) {
    for (const argument of mountedArguments(call)) {
      const name = dottedName(argument.nodeType === 'Call' ? argument.func : argument);
      if (name === undefined) continue;
      const place = placeOf(name, { module, index }) ?? { path: module.path, name };
      mounted.add(`${place.path}:${place.name}`);
    }
  }
  return mounted;
}

/** `app.mount('/x', api)`, `Mount('/x', app=api)`, `DispatcherMiddleware(app, {'/x': api})`, `{"/x": api}` of a router of ASGI paths. */
function mountedArguments(call: Call): readonly ExprNode[] {
  const name = dottedName(call.func)?.split('.').at(-1);
  if (name === 'mount' || name === 'Mount')
    return [call.args[1], keywordOf(call, 'app')].filter((one) => one !== undefined);
  if (name === 'DispatcherMiddleware') {
    const table = call.args[1] ?? keywordOf(call, 'mounts');
    return table?.nodeType === 'Dict' ? table.values : [];
  }
  return [];
}
