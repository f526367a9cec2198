import type { Because } from '../base/because.ts';
import { TareError } from '../base/errors.ts';
import type { EntryCandidate, ProcessFact } from '../project/facts.ts';
import type { Process } from './types.ts';

export interface ProcessInputs {
  /** Absent where a command is configured. */
  readonly entry?: EntryCandidate;
  readonly port: number;
  readonly portBecause: Because;
  /** Normalised names of the distributions in the image: which servers are there. */
  readonly installed: ReadonlySet<string>;
  /** Extras that the manifest has: one of them may bring a server. */
  readonly extras?: readonly string[];
  /** From the configuration: wins over everything. */
  readonly command?: { readonly value: readonly string[]; readonly because: Because };
  readonly extra: Readonly<Record<string, { readonly command: readonly string[]; readonly ports: readonly number[] }>>;
  readonly procfile: readonly ProcessFact[];
}

/** The commands of the image, the main one first as `web` (or `main` where nothing is served). */
export function planProcesses(inputs: ProcessInputs): Readonly<Record<string, Process>> {
  const main = mainProcess(inputs);
  const processes: Record<string, Process> = { [main.ports.length > 0 ? 'web' : 'main']: main };
  for (const one of inputs.procfile) {
    // `web` of a Procfile has told the entry point already; release and others are commands of their own.
    if (one.name === 'web' || one.name in processes) continue;
    processes[one.name] = { command: one.command, ports: [], because: one.because };
  }
  for (const [name, one] of Object.entries(inputs.extra)) {
    processes[name] = {
      command: one.command,
      ports: one.ports,
      because: { rule: `\`[tool.tare.processes.${name}]\`` },
    };
  }
  return processes;
}

function mainProcess(inputs: ProcessInputs): Process {
  const { command, entry, port } = inputs;
  if (command !== undefined) return { command: command.value, ports: [port], because: command.because };
  if (entry === undefined) throw new Error('neither a command nor an entry point');
  const target = entry.attribute === undefined ? entry.module : `${entry.module}:${entry.attribute}`;
  switch (entry.kind) {
    case 'asgi':
    case 'asgi-factory':
    case 'django-asgi':
      return served(asgiCommand(target, entry.kind === 'asgi-factory', port, inputs.installed), inputs);
    case 'wsgi':
    case 'wsgi-factory':
    case 'django-wsgi':
      return served(
        wsgiCommand(entry.kind === 'wsgi-factory' ? `${target}()` : target, port, inputs.installed),
        inputs,
      );
    case 'script':
      return {
        command: entry.module.endsWith('.py') ? ['python', entry.module] : [entry.module],
        ports: inputs.portBecause.file === undefined ? [] : [port],
        because: entry.because,
      };
    case 'module':
      return {
        command: ['python', '-m', entry.module],
        ports: inputs.portBecause.file === undefined ? [] : [port],
        because: entry.because,
      };
  }
}

function extraHint(extras: readonly string[]): string {
  if (extras.length === 0) return '';
  const flags = extras.slice(0, 6).map((extra) => `\`--extra ${extra}\``);
  return `choose an extra of the project that has one (${flags.join(', ')}), `;
}

function served(choice: { command: readonly string[]; rule: string } | undefined, inputs: ProcessInputs): Process {
  const entry = inputs.entry as EntryCandidate;
  if (choice === undefined) {
    const wanted = entry.kind.includes('asgi') ? 'uvicorn, hypercorn or granian' : 'gunicorn, waitress or granian';
    throw new TareError({
      code: 'SERVER_MISSING',
      message: `nothing among the dependencies can serve \`${entry.module}:${entry.attribute ?? ''}\``,
      ...(entry.because.file === undefined ? {} : { where: entry.because.file }),
      expected: wanted,
      actual: `${inputs.installed.size} distributions, none of these`,
      hint: `${extraHint(inputs.extras ?? [])}add ${wanted} to the dependencies, or give the command with \`[tool.tare] command = […]\``,
    });
  }
  return {
    command: choice.command,
    ports: [inputs.port],
    because: { ...entry.because, rule: `${entry.because.rule}; ${choice.rule}` },
  };
}

type Choice = { readonly command: readonly string[]; readonly rule: string };

function asgiCommand(
  target: string,
  factory: boolean,
  port: number,
  installed: ReadonlySet<string>,
): Choice | undefined {
  if (installed.has('uvicorn')) {
    const flags = factory ? ['--factory'] : [];
    return {
      command: ['uvicorn', target, ...flags, '--host', '0.0.0.0', '--port', String(port)],
      rule: 'uvicorn is among the dependencies',
    };
  }
  if (installed.has('hypercorn')) {
    return {
      command: ['hypercorn', factory ? `${target}()` : target, '--bind', `0.0.0.0:${port}`],
      rule: 'hypercorn is among the dependencies',
    };
  }
  if (installed.has('granian')) {
    const flags = factory ? ['--factory'] : [];
    return {
      command: ['granian', '--interface', 'asgi', ...flags, '--host', '0.0.0.0', '--port', String(port), target],
      rule: 'granian is among the dependencies',
    };
  }
  return undefined;
}

function wsgiCommand(target: string, port: number, installed: ReadonlySet<string>): Choice | undefined {
  if (installed.has('gunicorn')) {
    return {
      // The heartbeat file on a disk-backed layer blocks workers (benoitc/gunicorn#1194).
      command: ['gunicorn', '--bind', `0.0.0.0:${port}`, '--worker-tmp-dir', '/dev/shm', target],
      rule: 'gunicorn is among the dependencies',
    };
  }
  if (installed.has('waitress')) {
    const factory = target.endsWith('()');
    return {
      command: [
        'waitress-serve',
        '--host',
        '0.0.0.0',
        '--port',
        String(port),
        ...(factory ? ['--call'] : []),
        target.replace(/\(\)$/, ''),
      ],
      rule: 'waitress is among the dependencies',
    };
  }
  if (installed.has('granian')) {
    return {
      command: ['granian', '--interface', 'wsgi', '--host', '0.0.0.0', '--port', String(port), target],
      rule: 'granian is among the dependencies',
    };
  }
  return undefined;
}
