import type { Progress, ProgressTask } from '../../base/context.ts';

/** What a line of a builder's output tells about its steps. */
export type StepEvent =
  | { readonly kind: 'begun'; readonly id: string; readonly title: string }
  | { readonly kind: 'ended'; readonly id: string; readonly note: string };

/** Reads a line of BuildKit's plain output, of podman and buildah, or of docker's older builder. */
export function parseStepLine(line: string): StepEvent | undefined {
  const [, id, rest = ''] = /^#(\d+) (.*)$/.exec(line) ?? [];
  if (id !== undefined) {
    if (/^\[(?!internal\])[^\]]*\d+\/\d+\] |^exporting to /.test(rest)) return { kind: 'begun', id, title: rest };
    const note = /^(DONE|CACHED|ERROR|CANCELED)\b/.exec(rest)?.[1];
    return note === undefined ? undefined : { kind: 'ended', id, note: note.toLowerCase() };
  }
  const step = /^((?:\[\d+\/\d+\] )?STEP \d+\/\d+: .*|Step \d+\/\d+ : .*)$/.exec(line)?.[1];
  return step === undefined ? undefined : { kind: 'begun', id: 'step', title: step.replace(/^Step (\S+) :/, '$1') };
}

/** Shows the steps of a build, each from where it begins to where it ends. */
export function followSteps(progress: Progress): {
  readonly onLine: (line: string) => void;
  readonly close: () => void;
} {
  const tasks = new Map<string, ProgressTask>();
  const end = (id: string, note?: string): void => {
    tasks.get(id)?.done(note);
    tasks.delete(id);
  };
  return {
    onLine: (line) => {
      const event = parseStepLine(line);
      if (event?.kind === 'ended') end(event.id, event.note === 'done' ? undefined : event.note);
      // BuildKit says the title again where another step's output came between; others have one step at a time.
      if (event?.kind !== 'begun' || (event.id !== 'step' && tasks.has(event.id))) return;
      end(event.id);
      tasks.set(event.id, progress.start(event.title.slice(0, 100)));
    },
    close: () => {
      for (const id of [...tasks.keys()]) end(id);
    },
  };
}
