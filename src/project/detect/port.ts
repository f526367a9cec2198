import type { Fact } from '../../base/because.ts';
import type { EntryCandidate } from '../facts.ts';
import type { CommandEvidence } from './commands.ts';
import type { EntrySource } from './entry-sources.ts';
import { callsIn, dottedName, flatStatements, stringOf } from './python-syntax.ts';
import { portOf } from './server-calls.ts';

export interface PortOptions {
  readonly configured?: number;
  readonly evidence: readonly CommandEvidence[];
  readonly exposed: readonly Fact<number>[];
  readonly entry: EntryCandidate | undefined;
  readonly sources: readonly EntrySource[];
}

/** The port: configuration, a command, a server call of the sources, EXPOSE, a default in a settings class; else 8000. */
export function findPort(options: PortOptions): Fact<number> {
  if (options.configured !== undefined) return { value: options.configured, because: { rule: '`port` of the configuration' } };
  const command = options.evidence.find(({ port }) => port !== undefined);
  if (command?.port !== undefined) return { value: command.port, because: command.because };
  return (
    portOfCalls(options) ??
    options.exposed[0] ??
    portOfSettings(options.sources) ?? { value: 8000, because: { rule: 'nothing names a port: 8000 is usual' } }
  );
}

function portOfCalls({ sources, entry }: PortOptions): Fact<number> | undefined {
  const calls = sources.flatMap(({ module, calls: own }) => own.map((call) => ({ ...call, file: module.path })));
  const ported = calls.filter((call) => call.port !== undefined);
  const best = ported.find(({ file }) => file === entry?.file) ?? ported.find(({ isMain }) => isMain) ?? ported[0];
  if (best?.port === undefined) return undefined;
  const server = best.server === 'own' ? 'the server' : best.server;
  return { value: best.port, because: { file: best.file, line: best.line, rule: `the port that a call of ${server} is given` } };
}

/** `port: int = 8080` in a settings class. */
function portOfSettings(sources: readonly EntrySource[]): Fact<number> | undefined {
  for (const { module } of sources) {
    for (const statement of flatStatements(module.body)) {
      if (statement.nodeType !== 'ClassDef' || !/Settings|Config/.test(statement.name)) continue;
      for (const field of flatStatements(statement.body)) {
        if (field.nodeType !== 'AnnAssign' || !/^(?:(?:app|server|http|web|api|uvicorn)_)?port$/i.test(dottedName(field.target) ?? '')) continue;
        const value = portOf(field.value, module.body);
        if (value !== undefined) return { value, because: { file: module.path, line: field.lineno, rule: 'the default of a settings class' } };
      }
    }
  }
  return undefined;
}

const healthPaths = ['/healthz', '/health', '/livez', '/readyz', '/ready', '/health/', '/healthz/', '/health-check', '/health-check/', '/healthcheck', '/api/health', '/up', '/ping'];

/** The path of a health route, as a decorator or a table of routes names it. */
export function findHealth(sources: readonly EntrySource[]): Fact<string> | undefined {
  const found = new Map<string, Fact<string>>();
  for (const { module } of sources) {
    for (const statement of module.body) {
      for (const call of callsIn(statement)) {
        const name = dottedName(call.func)?.split('.').at(-1) ?? '';
        if (!/^(?:get|route|api_route|Route|add_api_route|add_url_rule|path|head)$/.test(name)) continue;
        const path = stringOf(call.args[0]);
        const route = name === 'path' && path !== undefined ? `/${path}` : path;
        if (route === undefined || !healthPaths.includes(route) || found.has(route)) continue;
        found.set(route, { value: route, because: { file: module.path, line: call.lineno, rule: `the route \`${route}\`` } });
      }
    }
  }
  return healthPaths.map((path) => found.get(path)).find((fact) => fact !== undefined);
}
