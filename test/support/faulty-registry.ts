import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';

/** A request as the registry got it. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export type Exchange = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface StoredManifest {
  readonly type: string;
  readonly bytes: Buffer;
}

/** A registry in memory that does as it is told: everything right, until `fault` says otherwise. */
export interface FaultyRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly seen: SeenRequest[];
  /** By digest. */
  readonly blobs: Map<string, Buffer>;
  /** By `NAME:REFERENCE`. */
  readonly manifests: Map<string, StoredManifest>;
  /** Answers in place of the registry; false leaves the request to it. */
  fault: Exchange;
  /** After how many bytes of a part of an upload the connection is cut. */
  cut: (request: IncomingMessage) => number;
  /** The `Location` of an upload, where it is not `/v2/NAME/blobs/uploads/ID`. */
  location: (path: string) => string;
  readonly stop: () => Promise<void>;
}

interface State {
  readonly registry: FaultyRegistry;
  readonly uploads: Map<string, Buffer>;
  /** `NAME DIGEST` */
  readonly links: Set<string>;
}

export async function startFaultyRegistry(tls?: ServerOptions): Promise<FaultyRegistry> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => void handle(state, request, response);
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const registry: FaultyRegistry = {
    host: `127.0.0.1:${address.port}`,
    seen: [],
    blobs: new Map(),
    manifests: new Map(),
    fault: () => false,
    cut: () => Number.POSITIVE_INFINITY,
    location: (path) => path,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const state: State = { registry, uploads: new Map(), links: new Set() };
  return registry;
}

/** Answers as registries do where they complain. */
export function complain(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ errors: [{ code, message: `this is ${code.toLowerCase()}` }] }));
  return true;
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { registry } = state;
  const { method = 'GET', url = '/' } = request;
  registry.seen.push({ method, url, headers: request.headers });
  try {
    if (await registry.fault(request, response)) return;
    await answer(state, request, response);
  } catch {
    response.destroy();
  }
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://registry.example');
  if (pathname === '/v2/') return void response.end('{}');
  const [, name = '', kind, rest = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(pathname) ?? [];
  if (kind === 'manifests') return answerManifest(state, request, response, `${name}:${rest}`);
  const [, id] = /^uploads\/(.*)$/.exec(rest) ?? [];
  if (id === undefined) return answerBlob(state, request, response, name, rest);
  return answerUpload(state, request, response, { name, id, query: searchParams });
}

async function answerManifest(
  { registry }: State,
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
): Promise<void> {
  if (request.method === 'PUT') {
    const bytes = await readBody(request);
    const digest = digestOf(bytes);
    const stored = { type: request.headers['content-type'] ?? '', bytes };
    registry.manifests.set(key, stored);
    registry.manifests.set(
      `${key.slice(0, key.lastIndexOf(':sha256:') === -1 ? key.lastIndexOf(':') : key.lastIndexOf(':sha256:'))}:${digest}`,
      stored,
    );
    response.writeHead(201, { 'docker-content-digest': digest }).end();
    return;
  }
  const found = registry.manifests.get(key);
  if (found === undefined) return void complain(response, 404, 'MANIFEST_UNKNOWN');
  response.writeHead(200, { 'content-type': found.type, 'docker-content-digest': digestOf(found.bytes) });
  response.end(request.method === 'HEAD' ? undefined : found.bytes);
}

function answerBlob(
  { registry, links }: State,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  digest: string,
): void {
  const found = registry.blobs.get(digest);
  if (found === undefined || (request.method === 'HEAD' && !links.has(`${name} ${digest}`)))
    return void complain(response, 404, 'BLOB_UNKNOWN');
  const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const from = Number(start ?? 0);
  const body = found.subarray(from);
  response.writeHead(start === undefined ? 200 : 206, {
    'content-length': String(body.byteLength),
    etag: `"${digest}"`,
    ...(start === undefined ? {} : { 'content-range': `bytes ${from}-${found.byteLength - 1}/${found.byteLength}` }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

interface UploadTarget {
  readonly name: string;
  readonly id: string;
  readonly query: URLSearchParams;
}

async function answerUpload(
  { registry, uploads, links }: State,
  request: IncomingMessage,
  response: ServerResponse,
  { name, id, query }: UploadTarget,
): Promise<void> {
  const place = (one: string): string => registry.location(`/v2/${name}/blobs/uploads/${one}`);
  if (request.method === 'POST') {
    const mount = query.get('mount');
    if (mount !== null && links.has(`${query.get('from') ?? ''} ${mount}`)) {
      links.add(`${name} ${mount}`);
      return void response.writeHead(201, { location: `/v2/${name}/blobs/${mount}` }).end();
    }
    const begun = randomUUID();
    uploads.set(begun, Buffer.alloc(0));
    return void response.writeHead(202, { location: place(begun), range: '0-0' }).end();
  }
  const held = uploads.get(id);
  if (held === undefined) return void complain(response, 404, 'BLOB_UPLOAD_UNKNOWN');
  const range = (size: number): string => `0-${Math.max(0, size - 1)}`;
  if (request.method === 'GET') {
    return void response.writeHead(204, { location: place(id), range: range(held.byteLength) }).end();
  }
  const chunks = [held];
  const most = registry.cut(request);
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).byteLength;
    if (size > most) break;
  }
  const whole = Buffer.concat(chunks);
  // What came is kept where the connection breaks.
  uploads.set(id, whole);
  if (size > most) return void request.destroy();
  if (request.method === 'PATCH') {
    return void response.writeHead(202, { location: place(id), range: range(whole.byteLength) }).end();
  }
  const digest = query.get('digest') ?? '';
  if (digestOf(whole) !== digest) return void complain(response, 400, 'DIGEST_INVALID');
  uploads.delete(id);
  registry.blobs.set(digest, whole);
  links.add(`${name} ${digest}`);
  response.writeHead(201, { location: `/v2/${name}/blobs/${digest}` }).end();
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
