import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, startCommand } from './command.ts';
import { freePort, request } from './http.ts';
import { makeTemporaryDir } from './paths.ts';
import { startTokenServer, type TokenServer } from './token-server.ts';

export interface TestRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Requests so far, one a line: `GET /v2/… 200`. */
  readonly log: () => readonly string[];
  /** The certificate of its authority, PEM; where it has TLS. */
  readonly authority?: string;
  readonly tokens?: TokenServer;
  readonly stop: () => Promise<void>;
}

export interface RegistryOptions {
  /** `password`: user `jo`, `registryPassword`; `token`: a server that gives tokens for the same. @default anybody may do everything */
  readonly auth?: 'password' | 'token';
  readonly tls?: boolean;
}

export const registryUser = 'jo';
export const registryPassword = 'pass-word-1';
/** bcrypt of the password above. */
const htpasswdLine = `${registryUser}:$2b$04$KrJ4Q8.MRCIOSqevcgwVVejS3UhgtKq0Znnkdh/9ODRYSvpVHQU9S\n`;

/** Starts Debian's `docker-registry` on a free port of the loopback, with its storage in a temporary folder. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const dir = await makeTemporaryDir('registry');
  const host = `127.0.0.1:${await freePort()}`;
  const tls = options.tls === true ? await makeCertificates(dir) : undefined;
  const tokens = options.auth === 'token' ? await startTokenServer(dir, await readServerKeys(tls)) : undefined;
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(dir, 'storage') }, delete: { enabled: true } },
    http: { addr: host, ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }) },
    ...(await authOf(dir, options, tokens)),
  };
  await writeFile(join(dir, 'config.yml'), JSON.stringify(config));
  const server = startCommand('docker-registry', ['serve', join(dir, 'config.yml')], { timeout: 3_600_000 });
  // Over TLS, that it answers at all is enough: it says so in plain text.
  await request(`http://${host}/v2/`, {
    patience: 20_000,
    stillWorthIt: () => {
      if (server.child.exitCode !== null) throw new Error(`docker-registry ended: ${server.output().stderr}`);
    },
  });
  const before = readLog(server.output().stdout).length;
  return {
    host,
    log: () => readLog(server.output().stdout).slice(before),
    ...(tls === undefined ? {} : { authority: await readFile(tls.authority, 'utf8') }),
    ...(tokens === undefined ? {} : { tokens }),
    stop: async () => {
      await server.stop();
      await tokens?.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function authOf(dir: string, { auth }: RegistryOptions, tokens: TokenServer | undefined): Promise<object> {
  if (auth === 'password') {
    const path = join(dir, 'htpasswd');
    await writeFile(path, htpasswdLine);
    return { auth: { htpasswd: { realm: 'registry.example', path } } };
  }
  if (tokens === undefined) return {};
  const { realm, service, issuer, certificate } = tokens;
  return { auth: { token: { realm, service, issuer, rootcertbundle: certificate } } };
}

/** Lines in the common log format. */
function readLog(text: string): readonly string[] {
  return [...text.matchAll(/"([A-Z]+) (\S+) HTTP\/1\.\d" (\d{3}) /g)].map(
    ([, method, path, status]) => `${method} ${path} ${status}`,
  );
}

async function readServerKeys(tls: { readonly certificate: string; readonly key: string } | undefined) {
  return tls === undefined ? undefined : { cert: await readFile(tls.certificate), key: await readFile(tls.key) };
}

async function makeCertificates(dir: string) {
  const at = (name: string): string => join(dir, name);
  const authorityKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout', at('ca.key')];
  const authority = ['req', '-x509', ...authorityKey, '-days', '2', '-subj', '/CN=Registry authority'];
  await mustRun('openssl', [...authority, '-out', at('ca.crt')]);
  await writeFile(at('server.ext'), 'subjectAltName=IP:127.0.0.1');
  const own = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=registry', '-keyout', at('server.key')];
  await mustRun('openssl', [...own, '-out', at('server.csr')]);
  const sign = ['x509', '-req', '-days', '2', '-in', at('server.csr'), '-extfile', at('server.ext')];
  const by = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-out', at('server.crt')];
  await mustRun('openssl', [...sign, ...by]);
  return { authority: at('ca.crt'), certificate: at('server.crt'), key: at('server.key') };
}
