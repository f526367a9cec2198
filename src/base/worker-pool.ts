import { parentPort, Worker, workerData } from 'node:worker_threads';
import { rebuildError, type TransferredError, transferError } from './error-transfer.ts';
import { TareError } from './errors.ts';

/** Threads that all run one module and do one job each at a time. */
export interface WorkerPool<Job, Result> {
  /** Jobs start in the order of the calls. A job and its result must be such as `structuredClone` takes. */
  readonly run: (job: Job) => Promise<Result>;
  /** Ends the threads. Jobs that are not done fail. */
  readonly close: () => Promise<void>;
}

interface Task<Job, Result> {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

type Answer<Result> = { readonly result: Result } | { readonly error: TransferredError };

/** Starts a job on a lane. Throws what makes it impossible to start; everything later goes to the task. */
interface Lane<Job, Result> {
  readonly start: (task: Task<Job, Result>) => void;
  readonly stop: () => Promise<void>;
}

interface Pool<Job, Result> {
  readonly size: number;
  readonly makeLane: (events: LaneEvents<Result>) => Lane<Job, Result>;
  readonly waiting: Task<Job, Result>[];
  readonly idle: Lane<Job, Result>[];
  readonly lanes: Set<Lane<Job, Result>>;
  readonly busy: Map<Lane<Job, Result>, Task<Job, Result>>;
  ended: { readonly reason: unknown } | undefined;
}

/**
 * A pool of at most `size` threads, each started when it is first needed. The module at `entry` exports
 * `runJob(job)` and calls `serveJobs(runJob)`. A TypeScript source cannot be loaded by every Node's threads: its jobs run in this one.
 *
 * @throws TareError `WORKER_DIED` where a thread ends in the middle of a job
 */
export function createWorkerPool<Job, Result>(
  entry: URL,
  size: number,
  options: { readonly signal?: AbortSignal } = {},
): WorkerPool<Job, Result> {
  const { signal } = options;
  const inline = entry.pathname.endsWith('.ts');
  const pool: Pool<Job, Result> = {
    size: Math.max(1, size),
    makeLane: (events) => (inline ? inlineLane(entry, events) : threadLane(entry, events)),
    waiting: [],
    idle: [],
    lanes: new Set(),
    busy: new Map(),
    ended: signal?.aborted === true ? { reason: signal.reason } : undefined,
  };
  const onAbort = (): void => void end(pool, signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    run: (job) =>
      new Promise<Result>((resolve, reject) => {
        if (pool.ended !== undefined) {
          reject(pool.ended.reason);
          return;
        }
        pool.waiting.push({ job, resolve, reject });
        advance(pool);
      }),
    close: () => {
      signal?.removeEventListener('abort', onAbort);
      return end(pool, new Error('the worker pool is closed'));
    },
  };
}

/** Gives waiting jobs to lanes as long as there are both. */
function advance<Job, Result>(pool: Pool<Job, Result>): void {
  while (pool.ended === undefined && pool.waiting.length > 0) {
    const lane = pool.idle.pop() ?? (pool.lanes.size < pool.size ? addLane(pool) : undefined);
    const task = lane && pool.waiting.shift();
    if (lane === undefined || task === undefined) return;
    pool.busy.set(lane, task);
    try {
      lane.start(task);
    } catch (error) {
      settle(pool, lane, true, () => task.reject(error));
    }
  }
}

function addLane<Job, Result>(pool: Pool<Job, Result>): Lane<Job, Result> {
  const lane = pool.makeLane({
    done: (result) => settle(pool, lane, true, (task) => task.resolve(result)),
    failed: (error) => settle(pool, lane, true, (task) => task.reject(error)),
    died: (error) => settle(pool, lane, false, (task) => task.reject(error)),
  });
  pool.lanes.add(lane);
  return lane;
}

function settle<Job, Result>(
  pool: Pool<Job, Result>,
  lane: Lane<Job, Result>,
  alive: boolean,
  finish: (task: Task<Job, Result>) => void,
): void {
  const task = pool.busy.get(lane);
  pool.busy.delete(lane);
  if (alive) {
    pool.idle.push(lane);
  } else {
    pool.lanes.delete(lane);
    const place = pool.idle.indexOf(lane);
    if (place >= 0) pool.idle.splice(place, 1);
  }
  if (task !== undefined) finish(task);
  advance(pool);
}

async function end<Job, Result>(pool: Pool<Job, Result>, reason: unknown): Promise<void> {
  pool.ended ??= { reason };
  const unfinished = [...pool.busy.values(), ...pool.waiting.splice(0)];
  pool.busy.clear();
  for (const task of unfinished) task.reject(reason);
  await Promise.all([...pool.lanes].map((lane) => lane.stop()));
}

interface LaneEvents<Result> {
  readonly done: (result: Result) => void;
  readonly failed: (error: unknown) => void;
  readonly died: (error: unknown) => void;
}

/** Tells a thread of a pool from any other, such as a test runner's. */
const poolMark = 'tare worker pool';

function threadLane<Job, Result>(entry: URL, events: LaneEvents<Result>): Lane<Job, Result> {
  // What layers are made of is short-lived and large: without a bound, each thread's young generation alone takes tens of MB.
  const worker = new Worker(entry, { workerData: poolMark, resourceLimits: { maxYoungGenerationSizeMb: 8 } });
  let stopped = false;
  let fault: unknown;
  // An idle thread must not keep the process alive.
  worker.on('message', (answer: Answer<Result>) => {
    worker.unref();
    if ('error' in answer) events.failed(rebuildError(answer.error));
    else events.done(answer.result);
  });
  worker.on('messageerror', (error) => events.failed(error));
  worker.on('error', (error) => {
    fault = error;
  });
  worker.on('exit', (code) => {
    if (!stopped) events.died(death(code, fault));
  });
  return {
    start: ({ job }) => {
      worker.postMessage(job);
      worker.ref();
    },
    stop: async () => {
      stopped = true;
      await worker.terminate();
    },
  };
}

function death(code: number, cause: unknown): TareError {
  const reason = cause instanceof Error ? cause.message : `exit code ${code}`;
  return new TareError({
    code: 'WORKER_DIED',
    message: `a worker thread ended in the middle of its work: ${reason}`,
    hint: 'run it again with fewer workers; if it happens again, report it with the output of `--verbose`',
    cause,
  });
}

interface JobModule<Job, Result> {
  readonly runJob: (job: Job) => Promise<Result>;
}

function inlineLane<Job, Result>(entry: URL, events: LaneEvents<Result>): Lane<Job, Result> {
  return {
    start: ({ job }) => {
      const module: Promise<JobModule<Job, Result>> = import(entry.href);
      module.then(({ runJob }) => runJob(job)).then(events.done, events.failed);
    },
    stop: () => Promise.resolve(),
  };
}

/** Answers the jobs of the pool that started this thread. Does nothing anywhere else. Only for the module at a pool's `entry`. */
export function serveJobs<Job, Result>(work: (job: Job) => Promise<Result>): void {
  const port = parentPort;
  if (port === null || workerData !== poolMark) return;
  port.on('message', (job: Job) => {
    Promise.resolve(job)
      .then(work)
      .then((result): void => port.postMessage({ result }))
      .catch((error: unknown) => port.postMessage({ error: transferError(error) }));
  });
}
