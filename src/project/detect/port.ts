import type { Fact } from '../../base/because.ts';
import type { EntryCandidate } from '../facts.ts';
import type { CommandEvidence } from './commands.ts';
import type { EntrySource } from './entry-sources.ts';
import type { PythonModule } from './python-index.ts';
import { dottedName, flatStatements } from './python-syntax.ts';
import { portOf } from './server-calls.ts';

export interface PortOptions {
  readonly configured?: number;
  readonly evidence: readonly CommandEvidence[];
  readonly exposed: readonly Fact<number>[];
  readonly entry: EntryCandidate | undefined;
  readonly sources: readonly EntrySource[];
  /** Sources that may hold a settings class. */
  readonly modules: readonly PythonModule[];
}

/** The port: configuration, a command, a server call beside the application, EXPOSE, another call, a default in a settings class; else 8000. */
export function findPort(options: PortOptions): Fact<number> {
  if (options.configured !== undefined)
    return { value: options.configured, because: { rule: '`port` of the configuration' } };
  const command = options.evidence.find(({ port }) => port !== undefined);
  if (command?.port !== undefined) return { value: command.port, because: command.because };
  return (
    portOfCalls(options, (file) => isBeside(file, options.entry?.file)) ??
    options.exposed[0] ??
    portOfCalls(options, () => true) ??
    portOfSettings(options.modules) ?? { value: 8000, because: { rule: 'nothing names a port: 8000 is usual' } }
  );
}

/** In the same top folder, or above: a call elsewhere may well start something else, as of a plugin. */
function isBeside(file: string, entry: string | undefined): boolean {
  const topOf = (path: string): string => path.replace(/^src\//, '').split('/', 1)[0] ?? '';
  const isScript = !file.replace(/^src\//, '').includes('/');
  return entry === undefined || isScript || topOf(file) === topOf(entry);
}

function portOfCalls({ sources, entry }: PortOptions, counts: (file: string) => boolean): Fact<number> | undefined {
  const calls = sources
    .filter(({ module }) => counts(module.path))
    .flatMap(({ module, calls: own }) => own.map((call) => ({ ...call, file: module.path })));
  const ported = calls.filter((call) => call.port !== undefined);
  const best = ported.find(({ file }) => file === entry?.file) ?? ported.find(({ isMain }) => isMain) ?? ported[0];
  if (best?.port === undefined) return undefined;
  const server = best.server === 'own' ? 'the server' : best.server;
  return {
    value: best.port,
    because: { file: best.file, line: best.line, rule: `the port that a call of ${server} is given` },
  };
}

/** `port: int = 8080` in a settings class. */
function portOfSettings(modules: readonly PythonModule[]): Fact<number> | undefined {
  for (const module of modules) {
    for (const statement of flatStatements(module.body)) {
      if (statement.nodeType !== 'ClassDef' || !/Settings|Config/.test(statement.name)) continue;
      for (const field of flatStatements(statement.body)) {
        if (
          field.nodeType !== 'AnnAssign' ||
          !/^(?:(?:app|server|http|web|api|uvicorn)_)?port$/i.test(dottedName(field.target) ?? '')
        )
          continue;
        const value = portOf(field.value, module.body);
        if (value !== undefined)
          return { value, because: { file: module.path, line: field.lineno, rule: 'the default of a settings class' } };
      }
    }
  }
  return undefined;
}
