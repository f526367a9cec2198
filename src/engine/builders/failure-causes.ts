import { failureCauses } from './failure-causes.data.ts';

/** Why a build failed, as far as its output tells. */
export interface FailureCause {
  /** Stable, for programs: `no-space`. */
  readonly kind: string;
  /** One clause. */
  readonly what: string;
  /** What to do. */
  readonly hint: string;
  /** The same build may work later. */
  readonly transient?: boolean;
}

/** What is longer or comes before tells nothing more, and takes long to search. */
const longestLine = 1000;
const mostLines = 500;

/** The first cause whose words the output holds: those that others follow from come first. */
export function findCause(output: string): FailureCause | undefined {
  const lines = output.split('\n').slice(-mostLines);
  const said = lines.map((line) => line.slice(0, longestLine)).join('\n');
  for (const { kind, pattern, what, hint, transient } of failureCauses) {
    const match = pattern.exec(said);
    if (match === null) continue;
    const filled = (text: string): string =>
      text.replaceAll(/\{(\d)\}/g, (_all, at: string) => (match[Number(at)] ?? '').trim().slice(0, 200));
    return { kind, what: filled(what), hint: filled(hint), ...(transient === true ? { transient } : {}) };
  }
  return undefined;
}
