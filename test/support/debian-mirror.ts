import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { createCleartextMessage, generateKey, type PrivateKey, sign } from 'openpgp';
import type { Context, HttpClient, HttpResponse } from '../../src/base/context.ts';
import { TareError } from '../../src/base/errors.ts';
import { type MadeDeb, renderIndexEntry } from './deb-maker.ts';

/** A key that signs a stand-in archive. */
export interface ArchiveKey {
  readonly privateKey: PrivateKey;
  /** Armoured. */
  readonly publicKey: string;
}

export async function makeArchiveKey(): Promise<ArchiveKey> {
  const made = await generateKey({
    type: 'curve25519',
    userIDs: [{ name: 'Stand-in archive', email: 'archive@mirror.example' }],
    date: new Date('2020-01-01T00:00:00Z'),
    format: 'object',
  });
  return { privateKey: made.privateKey, publicKey: made.publicKey.armor() };
}

export interface ReleaseSpec {
  readonly codename: string;
  readonly debs: readonly MadeDeb[];
  readonly architecture?: string;
  /** As in a release file: `Sat, 21 Nov 2026 09:15:44 UTC`. */
  readonly date?: string;
  readonly validUntil?: string;
  readonly byHash?: boolean;
  /** Of the package index. @default main */
  readonly component?: string;
  /** The field `Suite`. */
  readonly suite?: string;
  /** Further files that the release lists, by path: `main/Contents-amd64.gz`. */
  readonly indexes?: Readonly<Record<string, Uint8Array>>;
}

/** A Contents index of lines. */
export function makeContents(...lines: readonly string[]): Uint8Array {
  return gzipSync(lines.map((line) => `${line}\n`).join(''));
}

export const archiveAddress = 'https://mirror.example/debian';
export const securityAddress = 'https://mirror.example/debian-security';

/** A Debian archive in memory that can be made to fail. `files` are by address and may be replaced. */
export interface StandInMirror {
  readonly files: Map<string, Uint8Array>;
  /** Addresses that were asked for, in order. */
  readonly asked: string[];
  readonly http: HttpClient;
  /** What happens instead for addresses that end so. */
  readonly faults: Map<string, 'down' | 'cut' | 'error 503'>;
  readonly publish: (archive: string, release: ReleaseSpec, key: ArchiveKey) => Promise<void>;
}

export function makeMirror(): StandInMirror {
  const files = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const faults: StandInMirror['faults'] = new Map();
  return {
    files,
    asked,
    faults,
    http: {
      request: async ({ url, headers }) => {
        asked.push(url);
        const fault = [...faults].find(([end]) => url.endsWith(end))?.[1];
        return answer(url, files.get(url), fault, headers?.['range']);
      },
    },
    publish: async (archive, release, key) => {
      for (const [path, bytes] of await renderRelease(release, key)) files.set(`${archive}/${path}`, bytes);
    },
  };
}

function answer(
  url: string,
  bytes: Uint8Array | undefined,
  fault: string | undefined,
  range: string | undefined,
): HttpResponse {
  const lost = () =>
    new TareError({ code: 'HTTP_FAILED', message: `GET ${url} failed: the connection was cut`, transient: true });
  if (fault === 'down') throw lost();
  const status = fault === 'error 503' ? 503 : bytes === undefined ? 404 : 200;
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const content = status === 200 ? (bytes ?? new Uint8Array(0)).subarray(start) : new Uint8Array(0);
  async function* body(): AsyncGenerator<Uint8Array> {
    yield content.subarray(0, fault === 'cut' ? Math.floor(content.length / 2) : content.length);
    if (fault === 'cut') throw lost();
  }
  const partial = status === 200 && start > 0;
  const headers = new Map([
    ['content-range', `bytes ${start}-${start + content.length - 1}/${start + content.length}`],
  ]);
  return {
    status: partial ? 206 : status,
    header: (name) => (partial ? headers.get(name) : undefined),
    url,
    body: body(),
  };
}

async function renderRelease(release: ReleaseSpec, key: ArchiveKey): Promise<ReadonlyMap<string, Uint8Array>> {
  const {
    codename,
    debs,
    architecture = 'amd64',
    date = 'Sat, 21 Nov 2026 09:15:44 UTC',
    validUntil,
    byHash,
  } = release;
  const { component = 'main', suite } = release;
  const indexes = {
    [`${component}/binary-${architecture}/Packages.gz`]: gzipSync(debs.map(renderIndexEntry).join('\n')),
    ...release.indexes,
  };
  const listed = Object.entries(indexes).map(([path, bytes]) => {
    const hash = createHash('sha256').update(bytes).digest('hex');
    return { path, bytes, hash, byHash: `${path.slice(0, path.lastIndexOf('/'))}/by-hash/SHA256/${hash}` };
  });
  const text = [
    'Origin: Debian',
    ...(suite === undefined ? [] : [`Suite: ${suite}`]),
    `Codename: ${codename}`,
    `Date: ${date}`,
    ...(validUntil === undefined ? [] : [`Valid-Until: ${validUntil}`]),
    ...(byHash === true ? ['Acquire-By-Hash: yes'] : []),
    `Architectures: ${architecture}`,
    `Components: ${component}`,
    'SHA256:',
    ...listed.map(({ path, bytes, hash }) => ` ${hash} ${bytes.length} ${path}`),
    '',
  ].join('\n');
  const folder = `dists/${codename}`;
  return new Map<string, Uint8Array>([
    [`${folder}/InRelease`, Buffer.from(await signText(text, key))],
    ...listed.map(({ path, bytes }) => [`${folder}/${path}`, bytes] as const),
    ...(byHash === true ? listed.map((one) => [`${folder}/${one.byHash}`, one.bytes] as const) : []),
    ...debs.map((deb) => [deb.filename, deb.bytes] as const),
  ]);
}

/** A clear-signed message (RFC 9580, 7). */
export async function signText(text: string, key: ArchiveKey): Promise<string> {
  const message = await createCleartextMessage({ text });
  return sign({ message, signingKeys: key.privateKey, date: new Date('2026-11-21T09:20:00Z') });
}

/** A context for tests: no network but `http`, a clock that stands, warnings in a list. */
export function standInContext(
  http: HttpClient,
  cacheDir: string,
  changes: Partial<Context> = {},
): Context & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return {
    env: {},
    home: '/home/someone',
    cacheDir,
    workers: 1,
    offline: false,
    refresh: false,
    now: () => new Date('2026-11-22T12:00:00Z'),
    signal: new AbortController().signal,
    log: { warn: (message) => void warnings.push(message), info: () => undefined, debug: () => undefined },
    progress: { start: () => ({ advance: () => undefined, done: () => undefined }) },
    host: { platform: 'linux', arch: 'x64' },
    http,
    ...changes,
    warnings,
  };
}
