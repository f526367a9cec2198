import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { waitForHealthcheck } from './healthcheck.ts';

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const running = new Promise<number>(() => undefined);
const signal = new AbortController().signal;
const options = { finished: running, tail: () => 'last words', signal };

describe('the health check', () => {
  test.each([200, 204, 302])('takes %i for an answer', async (status) => {
    const port = await serve((request, response) => response.writeHead(request.url === '/up?x=1' ? status : 404).end());
    expect(await waitForHealthcheck({ path: '/up?x=1', timeoutSeconds: 5, port }, options)).toBe(status);
  });

  test('waits while the application is not ready', async () => {
    let count = 0;
    const port = await serve((_request, response) => response.writeHead(++count < 3 ? 503 : 200).end());
    expect(await waitForHealthcheck({ path: 'healthz', timeoutSeconds: 5, port }, options)).toBe(200);
    expect(count).toBe(3);
  });

  test('says what the application answered instead', async () => {
    const port = await serve((_request, response) => response.writeHead(404).end());
    await expect(waitForHealthcheck({ path: '/', timeoutSeconds: 0.3, port }, options)).rejects.toMatchObject({
      code: 'HEALTHCHECK_TIMEOUT',
      actual: 'status 404',
      message: expect.stringContaining('last words'),
    });
  });

  test('does not wait for a connection that is never answered', async () => {
    const port = await serve(() => undefined);
    await expect(waitForHealthcheck({ path: '/', timeoutSeconds: 0.3, port }, options)).rejects.toMatchObject({
      code: 'HEALTHCHECK_TIMEOUT',
    });
  });

  test('ends with the container, with its exit code and last words', async () => {
    const finished = new Promise<number>((resolve) => void setTimeout(resolve, 50, 3));
    const port = await serve(() => undefined);
    const waiting = waitForHealthcheck({ path: '/', timeoutSeconds: 30, port }, { ...options, finished });
    await expect(waiting).rejects.toMatchObject({
      code: 'HEALTHCHECK_EXITED',
      message: expect.stringMatching(/exit code 3 before .* said last:\n {2}last words/),
    });
  });

  test('passes on that the container never started', async () => {
    const failure = new Error('never started');
    const waiting = waitForHealthcheck(
      { path: '/', timeoutSeconds: 30, port: 9 },
      { ...options, finished: Promise.reject(failure) },
    );
    await expect(waiting).rejects.toBe(failure);
  });
});
