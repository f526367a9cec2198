import type { Context } from '../../base/context.ts';

export interface PatientContext {
  readonly context: Context;
  /** It was given up, for nothing came any more. */
  readonly isOver: () => boolean;
  readonly close: () => void;
}

/** A context whose work ends where nothing moves for so long. */
export function withPatience(context: Context, milliseconds: number): PatientContext {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('nothing came any more')), milliseconds);
  return {
    context: {
      ...context,
      signal: AbortSignal.any([context.signal, controller.signal]),
      progress: {
        start: (name, total) => {
          const task = context.progress.start(name, total);
          return {
            advance: (bytes) => {
              timer.refresh();
              task.advance(bytes);
            },
            done: task.done,
          };
        },
      },
    },
    isOver: () => controller.signal.aborted && !context.signal.aborted,
    close: () => clearTimeout(timer),
  };
}
