import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { assertPortFree, forwardPort } from './port-forward.ts';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

test('carries both directions, and the answer that comes after the request has ended', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let size = 0;
    socket.on('data', (bytes) => {
      size += bytes.length;
    });
    socket.on('end', () => socket.end(`got ${size}`));
  });
  const container = await listen(server);
  const host = await freePort();
  const forward = await forwardPort({ host, container });
  onTestFinished(() => forward.close());
  const client = connect({ host: '127.0.0.1', port: host, allowHalfOpen: true });
  client.end('x'.repeat(1_000_000));
  expect(await text(client)).toBe('got 1000000');
});

test('a client learns that nothing listens inside, and the forward goes on', async () => {
  const [host, container] = [await freePort(), await freePort()];
  const forward = await forwardPort({ host, container });
  onTestFinished(() => forward.close());
  for (let time = 0; time < 2; time++) {
    const client = connect({ host: '127.0.0.1', port: host });
    client.on('error', () => undefined);
    await once(client, 'close');
  }
});

test('closing ends the connections that are open', async () => {
  const container = await listen(createServer(() => undefined));
  const host = await freePort();
  const forward = await forwardPort({ host, container });
  const client = connect({ host: '127.0.0.1', port: host });
  client.on('error', () => undefined);
  await once(client, 'connect');
  await forward.close();
  await once(client, 'close');
  await assertPortFree(host);
});

test('names a port that another program has', async () => {
  const port = await listen(createServer());
  const inUse = { code: 'PORT_IN_USE', message: expect.stringContaining(String(port)) };
  await expect(assertPortFree(port)).rejects.toMatchObject(inUse);
  await expect(forwardPort({ host: port, container: 1 })).rejects.toMatchObject(inUse);
});
