import { createServer } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FormData;
  /** Milliseconds to go on trying while nothing answers; 0, the default, tries once. */
  readonly patience?: number;
  /** Called before each new try: throws where waiting is pointless. */
  readonly stillWorthIt?: () => void;
}

/** One request; where `patience` is given it is repeated while the connection is refused or reset. */
export async function request(url: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const deadline = Date.now() + (options.patience ?? 0);
  for (;;) {
    options.stillWorthIt?.();
    try {
      const response = await fetch(url, {
        method: options.method ?? 'GET',
        ...(options.headers === undefined ? {} : { headers: options.headers }),
        ...(options.body === undefined ? {} : { body: options.body }),
        signal: AbortSignal.timeout(30_000),
      });
      const body = Buffer.from(await response.arrayBuffer());
      return { status: response.status, contentType: response.headers.get('content-type') ?? '', body };
    } catch (error) {
      if (Date.now() >= deadline) throw new Error(`no answer from ${url}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** A port of the loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Throws where somebody already listens on `port`: an answer from there would prove nothing. */
export async function assertPortFree(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`port ${port} is taken by another program`, { cause })));
    server.listen(port, '0.0.0.0', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
