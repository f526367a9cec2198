import { renderBytes } from '../../base/size-text.ts';
import { renderDuration } from '../../report/format.ts';
import type { ProgressView } from './view.ts';

/** Work that takes less is not worth a line in a log. Milliseconds. */
const quietMilliseconds = 250;

/** One line for each piece of work when it ends: for logs and pipes. */
export function createPlainView(stream: { write: (text: string) => unknown }): ProgressView {
  return {
    progress: {
      start: (name, total) => {
        const begun = performance.now();
        let bytes = 0;
        return {
          advance: (count) => {
            bytes += count;
          },
          done: (note) => {
            const took = performance.now() - begun;
            if (took < quietMilliseconds) return;
            const size = total === undefined && bytes === 0 ? '' : ` ${renderBytes(Math.max(bytes, total ?? 0))}`;
            stream.write(`${name}${size} ${renderDuration(took)}${note === undefined ? '' : ` (${note})`}\n`);
          },
        };
      },
    },
    print: (text) => void stream.write(`${text}\n`),
    close: () => {},
  };
}
