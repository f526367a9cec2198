import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { PortMapping } from './run-request.ts';

const loopback = '127.0.0.1';

export interface PortForward {
  readonly close: () => Promise<void>;
}

/** Gives connections to the host's port on 127.0.0.1 to the container's, for a container that has the host's network. */
export async function forwardPort(mapping: PortMapping): Promise<PortForward> {
  const open = new Set<Socket>();
  // Half-open both ways: a client may end its request before it has the answer.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const inner = connect({ host: loopback, port: mapping.container, allowHalfOpen: true });
    for (const [socket, other] of [
      [client, inner],
      [inner, client],
    ] as const) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => other.destroy());
      socket.pipe(other);
    }
  });
  await listen(server, mapping.host);
  return {
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Throws `PORT_IN_USE` or `PORT_DENIED` where a port of 127.0.0.1 cannot be had. */
export async function assertPortFree(port: number): Promise<void> {
  const server = createServer();
  await listen(server, port);
  server.close();
  await once(server, 'close');
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    server.listen({ host: loopback, port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    switch (systemErrorCode(error)) {
      case 'EADDRINUSE':
        throw new TareError({
          code: 'PORT_IN_USE',
          message: `port ${port} of ${loopback} is in use by another program`,
          hint: `end it (\`ss -ltnp 'sport = :${port}'\` names it), or choose another port: -p ${suggestion(port)}:CONTAINER`,
          cause: error,
        });
      case 'EACCES':
        throw new TareError({
          code: 'PORT_DENIED',
          message: `this user may not open port ${port}`,
          hint: `choose a port from 1024 on: -p ${port + 8000}:CONTAINER`,
          cause: error,
        });
      default:
        throw error;
    }
  }
}

function suggestion(port: number): number {
  return port < 65535 ? port + 1 : 8000;
}
