import type { OutputStream, RunRequest } from './run-request.ts';

/** Where the process's output goes, and what it said last. */
export interface OutputSink {
  /** The engine reads the output and writes it here; else the process has the caller's own streams. */
  readonly captured: boolean;
  readonly write: (stream: OutputStream, bytes: Uint8Array) => void;
  /** The last lines of both streams. */
  readonly tail: () => string;
}

const tailBytes = 8 * 1024;
const tailLines = 20;

/** Captures the output where somebody wants it or a failing health check may have to quote it. */
export function openOutput(request: RunRequest): OutputSink {
  const captured = !request.tty && (request.onOutput !== undefined || request.healthcheck !== undefined);
  const forward = request.onOutput ?? ((stream, bytes) => void process[stream].write(bytes));
  let last = Buffer.alloc(0);
  return {
    captured,
    write: (stream, bytes) => {
      last = Buffer.concat([last, bytes]);
      if (last.length > tailBytes) last = last.subarray(last.length - tailBytes);
      forward(stream, bytes);
    },
    tail: () => last.toString('utf8').trimEnd().split('\n').slice(-tailLines).join('\n'),
  };
}
