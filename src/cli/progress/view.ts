import type { WriteStream } from 'node:tty';
import type { Progress } from '../../base/context.ts';
import { createPlainView } from './plain.ts';
import { createTerminalView } from './terminal.ts';

export interface ProgressView {
  readonly progress: Progress;
  /** A line of its own, above whatever the view keeps on the screen. */
  readonly print: (text: string) => void;
  readonly close: () => void;
}

export type ProgressStyle = 'auto' | 'tty' | 'plain' | 'none';

/** `auto` is a live view on a terminal and plain lines elsewhere. */
export function createProgressView(style: ProgressStyle, stream: WriteStream): ProgressView {
  switch (style) {
    case 'auto':
      return stream.isTTY ? createTerminalView(stream) : createPlainView(stream);
    case 'tty':
      return createTerminalView(stream);
    case 'plain':
      return createPlainView(stream);
    case 'none':
      return {
        progress: { start: () => ({ advance: () => {}, done: () => {} }) },
        print: (text) => void stream.write(`${text}\n`),
        close: () => {},
      };
  }
}
