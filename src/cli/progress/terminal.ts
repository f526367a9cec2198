import { renderBytes } from '../../base/size-text.ts';
import { renderDuration } from '../../report/format.ts';
import type { ProgressView } from './view.ts';

interface RunningTask {
  readonly name: string;
  readonly total: number | undefined;
  readonly begun: number;
  bytes: number;
}

interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write: (text: string) => unknown;
}

const refreshMilliseconds = 100;
const mostLines = 8;

/** The running tasks, redrawn in place below whatever is printed. */
export function createTerminalView(stream: Terminal): ProgressView {
  const running = new Set<RunningTask>();
  let drawn = 0;
  const erase = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[0J`);
  const draw = (above = ''): void => {
    const lines = renderTasks([...running], stream.columns ?? 80, Math.min(mostLines, (stream.rows ?? 24) - 2));
    stream.write(`${erase()}${above}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
  };
  const timer = setInterval(() => {
    if (running.size > 0 || drawn > 0) draw();
  }, refreshMilliseconds);
  timer.unref();
  return {
    progress: {
      start: (name, total) => {
        const task: RunningTask = { name, total, begun: performance.now(), bytes: 0 };
        running.add(task);
        return {
          advance: (count) => {
            task.bytes += count;
          },
          done: () => void running.delete(task),
        };
      },
    },
    print: (text) => draw(`${text}\n`),
    close: () => {
      clearInterval(timer);
      running.clear();
      draw();
    },
  };
}

function renderTasks(tasks: readonly RunningTask[], columns: number, most: number): string[] {
  const lines = tasks.slice(0, most).map((task) => renderTask(task).slice(0, columns - 1));
  if (tasks.length > most) lines.push(`  and ${tasks.length - most} more`);
  return lines;
}

function renderTask({ name, total, begun, bytes }: RunningTask): string {
  const took = renderDuration(performance.now() - begun);
  if (total === undefined || total === 0) return `  ${bytes === 0 ? took : `${renderBytes(bytes)} ${took}`}  ${name}`;
  const share = Math.min(1, bytes / total);
  const filled = Math.round(share * 20);
  return `  ${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${String(Math.round(share * 100)).padStart(3)} %  ${renderBytes(total)}  ${name}`;
}
