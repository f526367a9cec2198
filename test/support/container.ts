import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { expect } from 'vitest';
import { type TareOptions, startTare } from './cli.ts';
import type { RunningCommand } from './command.ts';
import { type Expectation, type ExpectedBox, detectionSchema, type ExpectedRequest } from './expectations.ts';
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

/** Makes the requests of `expect.json`, in their order. `source` is the folder of the files that they send. */
export async function expectAnswers(url: string, requests: readonly ExpectedRequest[], source: string): Promise<void> {
  for (const one of requests) {
    const answer = await request(`${url}${one.path}`, {
      method: one.method,
      headers: { ...(one.json === undefined ? {} : { 'content-type': 'application/json' }), ...one.headers },
      ...(await bodyOf(one, source)),
    });
    const text = answer.body.toString('utf8');
    const name = `${one.method} ${one.path}`;
    expect(answer.status, `${name}: ${text.slice(0, 500)}`).toBe(one.status);
    if (one.contentType !== undefined) expect(answer.contentType.startsWith(one.contentType), name).toBe(true);
    for (const part of one.bodyHas) expect(text, name).toContain(part);
    if (one.boxes !== undefined) expectBoxes(v.parse(detectionSchema, JSON.parse(text)).boxes, one.boxes, text);
    if (one.bodyStarts !== undefined) {
      expect(answer.body.subarray(0, one.bodyStarts.length / 2).toString('hex'), name).toBe(one.bodyStarts);
    }
  }
}

async function bodyOf(one: ExpectedRequest, source: string): Promise<{ readonly body?: string | FormData }> {
  if (one.json !== undefined) return { body: JSON.stringify(one.json) };
  if (one.upload === undefined) return {};
  const body = new FormData();
  const { field, path } = one.upload;
  body.append(field, new Blob([new Uint8Array(await readFile(join(source, path)))]), basename(path));
  return { body };
}

/** Every box that is wanted is there, and no other. */
function expectBoxes(found: readonly ExpectedBox[], wanted: readonly ExpectedBox[], name: string): void {
  const labels = (boxes: readonly ExpectedBox[]) => boxes.map((box) => box.label).sort();
  expect(labels(found), name).toEqual(labels(wanted));
  for (const box of wanted) {
    const shared = found.filter((one) => one.label === box.label).map((one) => intersectionOverUnion(one, box));
    expect(Math.max(...shared), `${box.label}: ${name}`).toBeGreaterThan(0.5);
  }
}

/** The share of both boxes' area that both have: 1 for the same box, 0 for boxes apart. */
function intersectionOverUnion(one: ExpectedBox, other: ExpectedBox): number {
  const width = Math.min(one.x + one.w, other.x + other.w) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.h, other.y + other.h) - Math.max(one.y, other.y);
  const shared = Math.max(0, width) * Math.max(0, height);
  return shared / (one.w * one.h + other.w * other.h - shared);
}
