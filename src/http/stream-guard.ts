import { Readable } from 'node:stream';
import type { HttpStream } from '../base/context.ts';

/** A body under way, with what ends it. */
export interface GuardedStream {
  readonly body: Readable;
  readonly signal: AbortSignal;
  /** Why the guard or the source of the body ended the request; undefined where neither did. */
  readonly reason: () => unknown;
  /** Lets go of the source. */
  readonly release: () => void;
}

/** A body whose receiver must go on taking it: undici bounds how long an answer may be silent, not how long a sending stands still. */
export function guardStream(stream: HttpStream, silenceMs: number, signal: AbortSignal | undefined): GuardedStream {
  const controller = new AbortController();
  let reason: unknown;
  let timer: NodeJS.Timeout | undefined;
  const end = (error: unknown): void => {
    reason ??= error;
    controller.abort(error);
  };
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => end(stalled()), silenceMs);
    timer.unref();
  };
  async function* guarded(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of stream.open()) {
        watch();
        yield chunk;
      }
    } catch (error) {
      end(error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
  const body = Readable.from(guarded(), { objectMode: false, highWaterMark: 1024 * 1024 });
  // What breaks it is told by the request.
  body.on('error', () => undefined);
  return {
    body,
    signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    reason: () => reason,
    release: () => {
      clearTimeout(timer);
      body.destroy();
    },
  };
}

function stalled(): Error {
  return Object.assign(new Error('the other side stopped taking what is sent'), { code: 'ETIMEDOUT' });
}
