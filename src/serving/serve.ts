import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { respond } from './respond.ts';
import type { ServedImage } from './served-image.ts';

/** A registry of this process, for its own machine alone. */
export interface LoopbackRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Resolves when somebody asks for anything. */
  readonly asked: Promise<void>;
  /** Blobs that were asked for, with the bytes of each that went out. */
  readonly sent: () => ReadonlyMap<string, number>;
  /** Cuts what is under way. */
  readonly close: () => Promise<void>;
}

export interface ServingOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called with bytes of blobs as they go out. */
  readonly advance?: (bytes: number) => void;
}

/** Requests of engines are far smaller. Bytes. */
const largestHeader = 16 * 1024;
/** An engine opens a handful. */
const mostConnections = 64;
const headerMs = 10_000;

/**
 * Serves an image on a free port of 127.0.0.1: the read-only part of the OCI distribution specification 1.1, over plain HTTP, until it is
 * closed. Engines take a registry on the loopback without TLS.
 */
export async function serveImage(image: ServedImage, options: ServingOptions): Promise<LoopbackRegistry> {
  options.signal.throwIfAborted();
  const sent = new Map<string, number>();
  let noteAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    noteAsked = resolve;
  });
  const onBlob = (digest: string, bytes: number): void => {
    sent.set(digest, (sent.get(digest) ?? 0) + bytes);
    if (bytes > 0) options.advance?.(bytes);
  };
  const limits = { maxHeaderSize: largestHeader, headersTimeout: headerMs, requestTimeout: headerMs };
  const server = createServer(limits, (request, response) => {
    noteAsked();
    // Half a body cannot be taken back; that it is short is seen by whoever asked.
    respond(image, request, response, { onBlob }).catch(() => response.destroy());
  });
  server.maxConnections = mostConnections;
  const cut = (): void => {
    server.close();
    server.closeAllConnections();
  };
  options.signal.addEventListener('abort', cut);
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true });
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${portOf(server)}`,
    asked,
    sent: () => sent,
    close: async () => {
      options.signal.removeEventListener('abort', cut);
      if (!server.listening) return;
      const closed = once(server, 'close');
      cut();
      await closed;
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a server without a port');
  return address.port;
}
