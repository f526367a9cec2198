import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TareError } from './errors.ts';
import { createWorkerPool } from './worker-pool.ts';

interface Job {
  readonly kind: 'double' | 'tare' | 'plain' | 'system' | 'exit' | 'throw-later' | 'hang' | 'thread' | 'uncloneable';
  readonly value?: number;
}

const jobs = `
export async function runJob({ kind, value }) {
  if (kind === 'double') return value * 2;
  if (kind === 'thread') { await new Promise((resolve) => setTimeout(resolve, 50)); return threadId; }
  if (kind === 'tare') throw new TareError({ code: 'SOME_CODE', message: 'it broke', where: 'a.txt:1', expected: 'x', actual: 'y', hint: 'do z', transient: true, cause: new Error('deep') });
  if (kind === 'plain') throw new RangeError('plain');
  if (kind === 'system') readFileSync('/does/not/exist');
  if (kind === 'exit') process.exit(3);
  if (kind === 'throw-later') { setImmediate(() => { throw new Error('out of nowhere'); }); await new Promise(() => {}); }
  if (kind === 'hang') await new Promise((resolve) => setTimeout(resolve, 1e8));
  if (kind === 'uncloneable') return () => {};
}
serveJobs(runJob);
`;
const imports = `
import { readFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
`;

const folder = mkdtempSync(join(tmpdir(), 'tare-pool-'));
/** As it is when published: compiled, beside what it imports. */
const compiled = pathToFileURL(join(folder, 'jobs.mjs'));
const source = pathToFileURL(join(folder, 'jobs.ts'));

beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of ['worker-pool', 'error-transfer', 'errors', 'redact']) {
    const text = readFileSync(new URL(`./${name}.ts`, import.meta.url), 'utf8');
    const compilerOptions = {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      rewriteRelativeImportExtensions: true,
    };
    writeFileSync(join(folder, `${name}.js`), ts.transpileModule(text, { compilerOptions }).outputText);
  }
  const names = (extension: string): string =>
    `import { TareError } from '${new URL(`./errors${extension}`, extension === '.ts' ? import.meta.url : compiled).href}';
import { serveJobs } from '${new URL(`./worker-pool${extension}`, extension === '.ts' ? import.meta.url : compiled).href}';`;
  writeFileSync(compiled, imports + names('.js') + jobs);
  writeFileSync(
    source,
    imports + names('.ts') + jobs.replace('{ kind, value }', '{ kind, value }: { kind: string; value?: any }'),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe.each([
  ['threads', compiled],
  ['the thread itself, for a TypeScript source', source],
])('jobs in %s', (_what, entry) => {
  test('give their results in any number', async () => {
    const pool = createWorkerPool<Job, number>(entry, 2);
    const results = await Promise.all(Array.from({ length: 20 }, (_, value) => pool.run({ kind: 'double', value })));
    expect(results).toEqual(Array.from({ length: 20 }, (_, value) => value * 2));
    await pool.close();
  });

  test('fail with the error that they threw', async () => {
    const pool = createWorkerPool<Job, number>(entry, 1);
    const error = await failure(pool.run({ kind: 'tare' }));
    expect(error).toBeInstanceOf(TareError);
    const fields = {
      code: 'SOME_CODE',
      message: 'it broke',
      where: 'a.txt:1',
      expected: 'x',
      actual: 'y',
      hint: 'do z',
      transient: true,
    };
    expect(error).toMatchObject({ ...fields, cause: { message: 'deep' } });
    expect(await failure(pool.run({ kind: 'plain' }))).toMatchObject({ name: 'RangeError', message: 'plain' });
    expect(await failure(pool.run({ kind: 'system' }))).toMatchObject({ code: 'ENOENT' });
    expect(await pool.run({ kind: 'double', value: 4 })).toBe(8);
    await pool.close();
  });

  test('fail at a signal', async () => {
    const controller = new AbortController();
    const pool = createWorkerPool<Job, number>(entry, 1, { signal: controller.signal });
    const failures = Promise.all([
      failure(pool.run({ kind: 'hang' })),
      failure(pool.run({ kind: 'double', value: 1 })),
    ]);
    setTimeout(() => controller.abort(new Error('stop')), 100);
    expect(await failures).toMatchObject([{ message: 'stop' }, { message: 'stop' }]);
    expect(await failure(pool.run({ kind: 'double', value: 1 }))).toMatchObject({ message: 'stop' });
  });

  test('fail when the pool is closed', async () => {
    const pool = createWorkerPool<Job, number>(entry, 1);
    const hanging = failure(pool.run({ kind: 'hang' }));
    await pool.close();
    expect(await hanging).toMatchObject({ message: 'the worker pool is closed' });
  });
});

describe('threads', () => {
  test('are as many as are needed, at most as many as asked for', async () => {
    const pool = createWorkerPool<Job, number>(compiled, 3);
    const one = await pool.run({ kind: 'thread' });
    expect(await pool.run({ kind: 'thread' })).toBe(one);
    const seen = await Promise.all(Array.from({ length: 9 }, () => pool.run({ kind: 'thread' })));
    expect(new Set(seen).size).toBe(3);
    await pool.close();
  });

  test('that die fail their job, and the next job gets another', async () => {
    const pool = createWorkerPool<Job, number>(compiled, 1);
    expect(await failure(pool.run({ kind: 'exit' }))).toMatchObject({ code: 'WORKER_DIED' });
    const error = await failure(pool.run({ kind: 'throw-later' }));
    expect(error).toMatchObject({ code: 'WORKER_DIED', cause: { message: 'out of nowhere' } });
    expect(await pool.run({ kind: 'double', value: 4 })).toBe(8);
    await pool.close();
  });

  test('report what cannot cross between threads', async () => {
    const pool = createWorkerPool<Job, number>(compiled, 1);
    expect(await failure(pool.run({ kind: 'uncloneable' }))).toMatchObject({ name: 'DataCloneError' });
    expect(await pool.run({ kind: 'double', value: 4 })).toBe(8);
    await pool.close();
  });

  test('whose module cannot be loaded fail the job', async () => {
    const pool = createWorkerPool<Job, number>(pathToFileURL(join(folder, 'none.mjs')), 1);
    expect(await failure(pool.run({ kind: 'double', value: 1 }))).toMatchObject({ code: 'WORKER_DIED' });
    await pool.close();
  });
});
