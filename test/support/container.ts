import { expect } from 'vitest';
import { type TareOptions, startTare } from './cli.ts';
import type { RunningCommand } from './command.ts';
import type { Expectation, ExpectedRequest } from './expectations.ts';
import { freePort, request } from './http.ts';

export interface RunningContainer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly process: RunningCommand;
}

/** `tare run TARGET ARGS` on a free port, once its health check answers. */
export async function runContainer(
  target: string,
  expectation: Expectation,
  args: readonly string[],
  options: TareOptions & { readonly patience?: number } = {},
): Promise<RunningContainer> {
  const [containerPort = 8000] = expectation.plan.process.ports;
  const port = await freePort();
  const variables = Object.entries(expectation.container.env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const all = ['run', target, '-p', `${port}:${containerPort}`, '--rm', ...variables, ...args];
  const process = startTare(all, options);
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilHealthy(`${url}${expectation.container.healthcheck}`, process, options.patience ?? 60_000);
  } catch (error) {
    await process.stop();
    throw error;
  }
  return { url, process };
}

/** Waits for a 2xx answer while `process` lives. */
export async function waitUntilHealthy(url: string, process: RunningCommand, patience: number): Promise<void> {
  const deadline = Date.now() + patience;
  const stillWorthIt = () => {
    if (process.child.exitCode === null && process.child.signalCode === null) return;
    const { stdout, stderr } = process.output();
    throw new Error(`it ended before ${url} answered\n${stdout}\n${stderr}`);
  };
  for (;;) {
    const { status } = await request(url, { patience: deadline - Date.now(), stillWorthIt });
    if (status >= 200 && status < 300) return;
    if (Date.now() > deadline) throw new Error(`${url} answers ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Makes the requests of `expect.json`, in their order. */
export async function expectAnswers(url: string, requests: readonly ExpectedRequest[]): Promise<void> {
  for (const one of requests) {
    const answer = await request(`${url}${one.path}`, {
      method: one.method,
      headers: { ...(one.json === undefined ? {} : { 'content-type': 'application/json' }), ...one.headers },
      ...(one.json === undefined ? {} : { body: JSON.stringify(one.json) }),
    });
    const text = answer.body.toString('utf8');
    const name = `${one.method} ${one.path}`;
    expect(answer.status, `${name}: ${text.slice(0, 500)}`).toBe(one.status);
    if (one.contentType !== undefined) expect(answer.contentType.startsWith(one.contentType), name).toBe(true);
    for (const part of one.bodyHas) expect(text, name).toContain(part);
    if (one.bodyStarts !== undefined) {
      expect(answer.body.subarray(0, one.bodyStarts.length / 2).toString('hex'), name).toBe(one.bodyStarts);
    }
  }
}
