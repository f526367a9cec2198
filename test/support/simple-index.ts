import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A file of the index: a wheel made by `makeWheel`, or anything with a name and bytes. */
export interface IndexFile {
  readonly filename: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  /** Served beside the file (PEP 658) where given. */
  readonly metadata?: string;
  readonly requiresPython?: string | undefined;
  readonly yanked?: string;
}

/** What the server does wrong with one file, until told otherwise. */
export type IndexFault =
  /** Closes the connection after this many bytes, each time. */
  | { readonly kind: 'drop'; readonly after: number }
  /** Sends this many bytes and then nothing, keeping the connection open. */
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'status'; readonly status: number }
  /** Sends other bytes than the index promised. */
  | { readonly kind: 'other-bytes'; readonly bytes: Buffer };

export interface SimpleIndex {
  /** Ends with `/simple/`. */
  readonly url: string;
  /** `METHOD PATH` of every request so far. */
  readonly requests: readonly string[];
  /** For one file by name, or for every request with `*`; `undefined` mends it. */
  readonly setFault: (filename: string, fault: IndexFault | undefined) => void;
  /** How many connections to it are open. */
  readonly connections: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Serves a simple repository (PEP 503 HTML, PEP 691 JSON) on a free port of the loopback. */
export async function startSimpleIndex(files: readonly IndexFile[]): Promise<SimpleIndex> {
  const requests: string[] = [];
  const faults = new Map<string, IndexFault>();
  const server = createServer((incoming, response) => {
    requests.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
    answer(files, faults, incoming, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/simple/`,
    requests,
    setFault: (filename, fault) => {
      if (fault === undefined) faults.delete(filename);
      else faults.set(filename, fault);
    },
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Environment that points pip and uv to this index and to no other configuration of the machine. */
export function indexEnvironment(url: string): Record<string, string | undefined> {
  return {
    PIP_INDEX_URL: url,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_EXTRA_INDEX_URL: undefined,
    PIP_FIND_LINKS: undefined,
    PIP_NO_INDEX: undefined,
    UV_DEFAULT_INDEX: url,
    UV_INDEX_URL: undefined,
    UV_INDEX: undefined,
    UV_EXTRA_INDEX_URL: undefined,
    UV_NO_CONFIG: '1',
  };
}

function answer(
  files: readonly IndexFile[],
  faults: ReadonlyMap<string, IndexFault>,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const path = decodeURIComponent(new URL(incoming.url ?? '/', 'http://index.example').pathname);
  const filename = path.slice(path.lastIndexOf('/') + 1);
  const fault = faults.get(filename.replace(/\.metadata$/, '')) ?? faults.get('*');
  if (fault?.kind === 'status') {
    response.writeHead(fault.status).end();
  } else if (path.startsWith('/files/')) {
    sendFile(files, filename, fault, incoming, response);
  } else {
    sendPage(files, path, incoming, response);
  }
}

function sendPage(files: readonly IndexFile[], path: string, incoming: IncomingMessage, response: ServerResponse) {
  const project = /^\/simple\/([^/]+)\/?$/.exec(path)?.[1];
  const wanted = files.filter((file) => projectOf(file.filename) === project);
  if (project === undefined || wanted.length === 0) {
    response.writeHead(404).end();
  } else if ((incoming.headers.accept ?? '').includes('application/vnd.pypi.simple.v1+json')) {
    response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' });
    response.end(JSON.stringify({ meta: { 'api-version': '1.0' }, name: project, files: wanted.map(describe) }));
  } else {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><html><body>\n${wanted.map(anchor).join('\n')}\n</body></html>\n`);
  }
}

function describe(file: IndexFile) {
  return {
    filename: file.filename,
    url: `../../files/${file.filename}`,
    hashes: { sha256: file.sha256 },
    size: file.bytes.length,
    ...(file.metadata === undefined ? {} : { 'core-metadata': true }),
    ...(file.requiresPython === undefined ? {} : { 'requires-python': file.requiresPython }),
    ...(file.yanked === undefined ? {} : { yanked: file.yanked }),
  };
}

function anchor(file: IndexFile): string {
  const python = file.requiresPython?.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const attributes = [
    `href="../../files/${file.filename}#sha256=${file.sha256}"`,
    ...(file.metadata === undefined ? [] : ['data-core-metadata="true"']),
    ...(python === undefined ? [] : [`data-requires-python="${python}"`]),
    ...(file.yanked === undefined ? [] : [`data-yanked="${file.yanked}"`]),
  ];
  return `<a ${attributes.join(' ')}>${file.filename}</a>`;
}

function sendFile(
  files: readonly IndexFile[],
  filename: string,
  fault: IndexFault | undefined,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const metadata = files.find((file) => `${file.filename}.metadata` === filename)?.metadata;
  const file = files.find((one) => one.filename === filename);
  if (metadata !== undefined) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(metadata);
    return;
  }
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  const whole = fault?.kind === 'other-bytes' ? fault.bytes : file.bytes;
  const range = /^bytes=(\d+)-(\d*)$/.exec(incoming.headers.range ?? '');
  const start = range === null ? 0 : Number(range[1]);
  const end = range === null || range[2] === '' ? whole.length : Math.min(Number(range[2]) + 1, whole.length);
  if (start >= whole.length) {
    response.writeHead(416, { 'content-range': `bytes */${whole.length}` }).end();
    return;
  }
  const body = whole.subarray(start, end);
  response.writeHead(range === null ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': body.length,
    'accept-ranges': 'bytes',
    etag: `"${file.sha256}"`,
    ...(range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${whole.length}` }),
  });
  if (incoming.method === 'HEAD') response.end();
  else if (fault?.kind === 'drop') response.write(body.subarray(0, fault.after), () => response.destroy());
  else if (fault?.kind === 'stall') response.write(body.subarray(0, fault.after));
  else response.end(body);
}

function projectOf(filename: string): string {
  const name = filename.endsWith('.whl') ? filename.split('-')[0] : filename.replace(/-\d[^-]*\.tar\.gz$/, '');
  return (name ?? '').replaceAll(/[-_.]+/g, '-').toLowerCase();
}
