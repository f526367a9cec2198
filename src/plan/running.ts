import type { Fact } from '../base/because.ts';
import type { ProjectFacts } from '../project/facts.ts';
import type { PlannedHealthcheck, Process } from './types.ts';

/** Programs that end in good order on another signal than SIGTERM, with what they do on that one. */
const signals: Readonly<Record<string, { readonly value: string; readonly rule: string }>> = {
  'waitress-serve': { value: 'SIGINT', rule: 'waitress finishes its requests on SIGINT only' },
  uwsgi: { value: 'SIGINT', rule: 'uWSGI starts its workers anew on SIGTERM' },
};

/** The signal that the main process wants, where it is not SIGTERM. */
export function planStopSignal(processes: Readonly<Record<string, Process>>): Fact<string> | undefined {
  const program = Object.values(processes)[0]?.command[0]?.replace(/^.*\//, '') ?? '';
  const found = Object.hasOwn(signals, program) ? signals[program] : undefined;
  return found === undefined ? undefined : { value: found.value, because: { rule: found.rule } };
}

/** How to see that the main process answers: by the health route of the sources, else by its port. */
export function planHealthcheck(
  processes: Readonly<Record<string, Process>>,
  health: ProjectFacts['health'],
): PlannedHealthcheck | undefined {
  const port = Object.values(processes)[0]?.ports[0];
  if (port === undefined) return undefined;
  if (health === undefined) return { port, because: { rule: 'no health route was found: the port answers' } };
  return { port, path: health.value, because: health.because };
}
