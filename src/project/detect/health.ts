import type { Call } from 'py-ast';
import type { Fact } from '../../base/because.ts';
import type { EntrySource } from './entry-sources.ts';
import { placeOf, type PythonIndex, type PythonModule } from './python-index.ts';
import { callsIn, dottedName, flatStatements, keywordOf, stringOf } from './python-syntax.ts';

/** Routes that are usual for health checks, the best first; a `/` at the end is allowed. */
const healthPaths: readonly string[] = [
  'healthz',
  'health',
  'livez',
  'readyz',
  'ready',
  'live',
  'health-check',
  'healthcheck',
  'health_check',
  'up',
  'ping',
];
const healthText = new RegExp(`['"]/?(?:[\\w/-]*/)?(?:${healthPaths.join('|')})/?['"]`);

export function mentionsHealth(text: string): boolean {
  return healthText.test(text);
}

/**
 * The path of a health route. Routes of a router count where the place that includes it is known, so that its prefix is; a route
 * whose whole path is not known is not guessed.
 */
export function findHealth(
  sources: readonly EntrySource[],
  modules: readonly PythonModule[],
  index: PythonIndex,
): Fact<string> | undefined {
  const found: Fact<string>[] = [];
  for (const module of modules) {
    for (const call of callsIn(module.body)) {
      const route = routeOf(call);
      if (route === undefined || rankOf(route) < 0) continue;
      const prefix = prefixOf(call, module, sources, index);
      if (prefix === undefined) continue;
      const value = `${prefix}${route.startsWith('/') ? route : `/${route}`}`;
      found.push({ value, because: { file: module.path, line: call.lineno, rule: `the route \`${value}\`` } });
    }
  }
  return found.toSorted(
    (left, right) => rankOf(left.value) - rankOf(right.value) || left.value.length - right.value.length,
  )[0];
}

function rankOf(route: string): number {
  return healthPaths.indexOf(route.replace(/\/$/, '').split('/').at(-1) ?? '');
}

function routeOf(call: Call): string | undefined {
  const method = dottedName(call.func)?.split('.').at(-1) ?? '';
  if (!/^(?:get|route|api_route|add_api_route|add_url_rule|add_route|Route)$/.test(method)) return undefined;
  return stringOf(call.args[0]) ?? stringOf(keywordOf(call, 'path'));
}

/** What stands before a route: nothing for the application itself, the prefixes of a router. */
function prefixOf(
  call: Call,
  module: PythonModule,
  sources: readonly EntrySource[],
  index: PythonIndex,
): string | undefined {
  const owner = dottedName(call.func)?.split('.').slice(0, -1).join('.') ?? '';
  if (owner === '') return '';
  const own = sources.find((source) => source.module.path === module.path);
  if (own?.apps.apps.has(owner) === true) return '';
  const router = routerOf(owner, module);
  if (router === undefined) return own !== undefined && /^app(?:lication)?$/.test(owner) ? '' : undefined;
  const outer = includePrefix(owner, module, sources, index);
  return outer === undefined ? undefined : `${outer}${router}`;
}

/** The prefix that a router (FastAPI) or blueprint (Flask) is made with. */
function routerOf(name: string, module: PythonModule): string | undefined {
  for (const statement of flatStatements(module.body)) {
    if (statement.nodeType !== 'Assign' || !statement.targets.some((target) => dottedName(target) === name)) continue;
    const { value } = statement;
    if (value.nodeType !== 'Call' || !/(?:Router|Blueprint)$/.test(dottedName(value.func) ?? '')) continue;
    const prefix = keywordOf(value, 'prefix') ?? keywordOf(value, 'url_prefix');
    return prefix === undefined ? '' : stringOf(prefix);
  }
  return undefined;
}

/** The prefix of `app.include_router(health.router, prefix="/x")`, where an application's own source says it. */
function includePrefix(
  name: string,
  module: PythonModule,
  sources: readonly EntrySource[],
  index: PythonIndex,
): string | undefined {
  for (const source of sources) {
    if (source.apps.apps.size + source.apps.factories.size === 0) continue;
    for (const call of callsIn(source.module.body)) {
      if (!/\.(?:include_router|register_blueprint)$/.test(dottedName(call.func) ?? '')) continue;
      const argument = dottedName(call.args[0] ?? keywordOf(call, 'router'));
      if (argument === undefined) continue;
      const place = placeOf(argument, { module: source.module, index }) ?? { path: source.module.path, name: argument };
      if (place.path !== module.path || place.name !== name) continue;
      const prefix = keywordOf(call, 'prefix') ?? keywordOf(call, 'url_prefix');
      return prefix === undefined ? '' : stringOf(prefix);
    }
  }
  return undefined;
}
