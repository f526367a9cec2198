import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as v from 'valibot';
import { createServer } from 'node:http';
import { writeLayout } from '../../src/store/layout.ts';
import { errorReportSchema, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { copyExample, readExamples } from '../support/example.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { registryPassword, registryUser, startRegistry, type TestRegistry } from '../support/registry.ts';
import { makeTinyImage } from '../support/tiny-image.ts';

const { signal } = new AbortController();
const pushReport = v.object({
  reference: v.string(),
  digest: v.string(),
  isUnchanged: v.boolean(),
  uploaded: v.number(),
  mounted: v.number(),
  uploadedBytes: v.number(),
  requests: v.number(),
});
const pullReport = v.object({
  digest: v.string(),
  isUnchanged: v.boolean(),
  platforms: v.array(v.object({ platform: v.string(), digest: v.string() })),
});

let dir: string;
let project: string;
/** Of two platforms. */
let layout: string;
let layoutDigest: string;

beforeAll(async () => {
  dir = await makeTemporaryDir('registry-e2e');
  const hello = (await readExamples()).find((one) => one.name === 'fastapi-hello');
  if (hello === undefined) throw new Error('no example `fastapi-hello`');
  project = join(dir, 'project');
  await mkdir(project);
  await copyExample(hello, project);
  layout = join(dir, 'layout');
  const images = [];
  for (const platform of ['linux/amd64', 'linux/arm64'])
    images.push(await makeTinyImage(join(dir, 'blobs'), [[{ name: platform.slice(6), content: 'x' }]], platform));
  layoutDigest = (await writeLayout(layout, images, { signal })).digest;
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Surroundings in which nobody is signed in anywhere. */
function surroundings(name: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const home = join(dir, name);
  return { DOCKER_CONFIG: join(home, 'docker'), XDG_CONFIG_HOME: join(home, 'config'), XDG_RUNTIME_DIR: home, ...more };
}

async function tare(args: readonly string[], env: Record<string, string>, input?: string) {
  const result = await runTare(args, { cwd: project, env, ...(input === undefined ? {} : { input }) });
  return { ...result, all: result.stdout + result.stderr };
}

async function mustTare(args: readonly string[], env: Record<string, string>): Promise<unknown> {
  const { code, stdout, stderr } = await tare([...args, '--json'], env);
  if (code !== 0) throw new Error(`tare ${args.join(' ')} ended with ${code}\n${stderr}`);
  return JSON.parse(stdout);
}

async function failingTare(args: readonly string[], env: Record<string, string>) {
  const { code, stdout, all } = await tare([...args, '--json'], env);
  return { exit: code, all, ...v.parse(errorReportSchema, JSON.parse(stdout)).error };
}

describe('a registry of this machine, without TLS and passwords', () => {
  let registry: TestRegistry;
  const env = () => surroundings('plain');
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());

  test('gets what was built, and others read it', async (context) => {
    await requireComponent(context, 'skopeo');
    const name = `${registry.host}/team/hello:1.0`;
    const args = ['build', '--platform', 'linux/amd64', '-t', name, '--push', '-o', 'oci:.tare/image'];
    const { digest, pushed } = v.parse(
      v.object({ digest: v.string(), pushed: pushReport }),
      await mustTare(args, env()),
    );
    expect(pushed).toMatchObject({ reference: name, digest, isUnchanged: false });
    const copy = join(dir, 'skopeo-copy');
    await mustRun('skopeo', ['copy', '-q', '--src-tls-verify=false', `docker://${name}`, `oci:${copy}`]);
    const index = v.parse(
      v.object({ manifests: v.array(v.object({ digest: v.string() })) }),
      JSON.parse(await readFile(join(copy, 'index.json'), 'utf8')),
    );
    expect(index.manifests).toMatchObject([{ digest }]);
  });

  test('is asked once for what is unchanged, six times after an edit, which moves less than 100 kB', async () => {
    const before = registry.log().length;
    const again = v.parse(pushReport, await mustTare(['push'], env()));
    expect(again).toMatchObject({ isUnchanged: true, requests: 1 });
    expect(registry.log().length - before).toBe(1);
    await appendFile(join(project, 'hello', '__init__.py'), '\n# edited\n');
    await mustTare(['build', '--platform', 'linux/amd64', '-t', `${registry.host}/team/hello:1.0`], env());
    const edited = v.parse(pushReport, await mustTare(['push'], env()));
    expect(edited.requests).toBeLessThanOrEqual(6);
    expect(edited.uploadedBytes).toBeLessThan(100_000);
    expect(registry.log().length - before - 1).toBe(edited.requests);
  });

  test('moves nothing where another repository has it', async () => {
    const report = v.parse(pushReport, await mustTare(['push', `${registry.host}/other/hello:1.0`], env()));
    expect(report).toMatchObject({ uploaded: 0 });
    expect(report.mounted).toBeGreaterThan(5);
    expect(registry.log().filter((line) => line.startsWith('PATCH /v2/other/'))).toEqual([]);
  });

  test('gets an index over two platforms, which comes back byte for byte', async (context) => {
    await requireComponent(context, 'skopeo');
    const name = `${registry.host}/team/two:1`;
    const pushed = v.parse(pushReport, await mustTare(['push', `oci:${layout}`, name], env()));
    expect(pushed.digest).toBe(layoutDigest);
    const raw = await mustRun('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name}`]);
    expect(v.parse(v.object({ manifests: v.array(v.unknown()) }), JSON.parse(raw)).manifests).toHaveLength(2);
    const pulled = v.parse(pullReport, await mustTare(['pull', name, '-o', `oci:${join(dir, 'two')}`], env()));
    expect(pulled.digest).toBe(layoutDigest);
    const one = v.parse(
      pullReport,
      await mustTare(['pull', name, '-o', `oci:${join(dir, 'one')}`, '--platform', 'linux/arm64'], env()),
    );
    expect(one.platforms).toMatchObject([{ platform: 'linux/arm64', digest: one.digest }]);
    expect(await failingTare(['pull', name, '--platform', 'linux/s390x'], env())).toMatchObject({
      code: 'PLATFORM_MISSING',
      actual: 'linux/amd64, linux/arm64',
      exit: 1,
    });
  });

  test('gives what skopeo pushed in the format of Docker, to be verified from there', async (context) => {
    await requireComponent(context, 'skopeo');
    const name = `${registry.host}/docker/hello:1`;
    const copy = ['copy', '-q', '--format', 'v2s2', '--dest-tls-verify=false'];
    await mustRun('skopeo', [...copy, `oci:${join(project, '.tare', 'image')}`, `docker://${name}`]);
    const output = `oci:${join(dir, 'docker-types')}`;
    const { digest } = v.parse(pullReport, await mustTare(['pull', name, '-o', output], env()));
    const said = await mustRun('skopeo', [
      'inspect',
      '--tls-verify=false',
      '--format',
      '{{.Digest}}',
      `docker://${name}`,
    ]);
    expect(digest).toBe(said.trim());
    const verified = await tare(['verify', name], env());
    expect(verified.stdout).toContain(`docker://${name}: sound`);
    expect(verified.code).toBe(0);
  });

  test('runs an image of it', async (context) => {
    await requireComponent(context, 'runc');
    const args = ['run', `docker://${registry.host}/team/hello:1.0`, '--engine', 'runc', '-p', '18231:8000'];
    const { code, all } = await tare([...args, '--healthcheck', '/healthz', '--stop-after-healthcheck'], env());
    expect(all).not.toContain('error[');
    expect(code).toBe(0);
  });

  test('says what is not there', async () => {
    expect(await failingTare(['pull', `${registry.host}/team/none:1`], env())).toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      exit: 1,
    });
  });
});

describe.each(['password', 'token'] as const)('a registry that wants a %s', (auth) => {
  let registry: TestRegistry;
  const env = (more: Readonly<Record<string, string>> = {}) => surroundings(auth, more);
  beforeAll(async () => {
    registry = await startRegistry({ auth });
  });
  afterAll(() => registry.stop());

  const pushTwo = () => ['push', `oci:${layout}`, `${registry.host}/team/two:1`];

  test('refuses who is not signed in, and says how to sign in', async () => {
    const error = await failingTare(pushTwo(), env());
    expect(error.exit).toBe(1);
    expect(error.code).toMatch(/^REGISTRY_LOGIN_RE/);
    expect(error.hint).toContain(`tare login ${registry.host}`);
  });

  test('refuses a wrong password, which is not kept and not shown', async () => {
    const { code, all } = await tare(
      ['login', registry.host, '-u', registryUser, '--password-stdin'],
      env(),
      'wrong-one',
    );
    expect(code).toBe(1);
    expect(all).toContain('REGISTRY_LOGIN_REFUSED');
    expect(all).not.toContain('wrong-one');
    await expect(stat(join(env()['DOCKER_CONFIG'] ?? '', 'config.json'))).rejects.toThrow(/ENOENT/);
  });

  test('takes the password, which is kept for its owner alone beside what else is there', async () => {
    const folder = env()['DOCKER_CONFIG'] ?? '';
    await mkdir(folder, { recursive: true });
    const other = { auths: { 'other.example': { auth: 'YTpi' } }, HttpHeaders: { 'User-Agent': 'x' } };
    await writeFile(join(folder, 'config.json'), JSON.stringify(other), { mode: 0o644 });
    const args = ['login', registry.host, '-u', registryUser, '--password-stdin'];
    const { code, all } = await tare(args, env(), `${registryPassword}\n`);
    expect(all).not.toContain(registryPassword);
    expect(code).toBe(0);
    const kept: unknown = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    const entry = { auth: Buffer.from(`${registryUser}:${registryPassword}`).toString('base64') };
    expect(kept).toEqual({ ...other, auths: { ...other.auths, [registry.host]: entry } });
    expect((await stat(join(folder, 'config.json'))).mode & 0o777).toBe(0o600);
  });

  test('is then pushed to and pulled from, as skopeo does with the same file', async (context) => {
    await requireComponent(context, 'skopeo');
    expect(v.parse(pushReport, await mustTare(pushTwo(), env())).digest).toBe(layoutDigest);
    const output = `oci:${join(dir, `two-${auth}`)}`;
    expect(
      v.parse(pullReport, await mustTare(['pull', `${registry.host}/team/two:1`, '-o', output], env())).digest,
    ).toBe(layoutDigest);
    const raw = await mustRun('skopeo', [
      ...['inspect', '--raw', '--tls-verify=false', '--authfile', join(env()['DOCKER_CONFIG'] ?? '', 'config.json')],
      `docker://${registry.host}/team/two:1`,
    ]);
    expect(JSON.parse(raw)).toMatchObject({ schemaVersion: 2 });
  });

  test('mounts from another repository with a right for both', async () => {
    const report = v.parse(
      pushReport,
      await mustTare(['push', `oci:${layout}`, `${registry.host}/team/three:1`], env()),
    );
    expect(report).toMatchObject({ uploaded: 0 });
    expect(report.mounted).toBe(4);
  });

  test('knows the password from the environment, too', async () => {
    const more = { TARE_REGISTRY_USERNAME: registryUser, TARE_REGISTRY_PASSWORD: registryPassword };
    const clean = surroundings(`${auth}-environment`, more);
    expect(v.parse(pushReport, await mustTare(pushTwo(), clean))).toMatchObject({ isUnchanged: true });
  });

  test('is signed out of', async () => {
    expect((await tare(['logout', registry.host], env())).stdout).toContain(`signed out of ${registry.host}`);
    const kept: unknown = JSON.parse(await readFile(join(env()['DOCKER_CONFIG'] ?? '', 'config.json'), 'utf8'));
    expect(kept).toMatchObject({ auths: { 'other.example': { auth: 'YTpi' } } });
    expect(JSON.stringify(kept)).not.toContain(registry.host);
    expect((await tare(['logout', registry.host], env())).stdout).toContain('not signed in');
  });
});

test('a token is asked for with the scopes that are needed, once', async () => {
  const registry = await startRegistry({ auth: 'token' });
  try {
    const more = { TARE_REGISTRY_USERNAME: registryUser, TARE_REGISTRY_PASSWORD: registryPassword };
    await mustTare(['push', `oci:${layout}`, `${registry.host}/team/two:1`], surroundings('scopes', more));
    expect(registry.tokens?.asked).toEqual([['repository:team/two:pull,push']]);
    const output = `oci:${join(dir, 'anonymous')}`;
    await mustTare(['pull', `${registry.host}/team/two:1`, '-o', output], surroundings('scopes'));
    expect(registry.tokens?.asked.at(-1)).toEqual(['repository:team/two:pull']);
  } finally {
    await registry.stop();
  }
});

describe('a registry with TLS of a private authority', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({ tls: true });
  });
  afterAll(() => registry.stop());
  const args = () => ['push', `oci:${layout}`, `${registry.host}/team/two:1`];

  test('is not trusted', async () => {
    const error = await failingTare(args(), surroundings('tls'));
    expect(error).toMatchObject({ code: 'REGISTRY_UNTRUSTED', exit: 1 });
    expect(error.hint).toContain(`certs.d/${registry.host}/ca.crt`);
  });

  test.each(['containers', 'docker'])('is trusted with its authority in certs.d of %s', async (program) => {
    const env = surroundings(`tls-${program}`);
    const folder = join(env['XDG_CONFIG_HOME'] ?? '', program, 'certs.d', registry.host);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'ca.crt'), registry.authority ?? '');
    expect(v.parse(pushReport, await mustTare(args(), env)).digest).toBe(layoutDigest);
  });

  test('is trusted with SSL_CERT_FILE, and by name with --insecure', async () => {
    const file = join(dir, 'authority.crt');
    await writeFile(file, registry.authority ?? '');
    await mustTare(args(), surroundings('tls-file', { SSL_CERT_FILE: file }));
    await mustTare([...args(), '--insecure'], surroundings('tls-insecure'));
    await mustTare(args(), surroundings('tls-variable', { TARE_INSECURE_REGISTRIES: registry.host }));
  });
});

test('a registry with TLS and tokens: pushed to, and skopeo gets the same back with the same files', async (context) => {
  await requireComponent(context, 'skopeo');
  const registry = await startRegistry({ auth: 'token', tls: true });
  onTestFinished(() => registry.stop());
  const env = surroundings('token-tls');
  const certificates = join(env['XDG_CONFIG_HOME'] ?? '', 'containers', 'certs.d', registry.host);
  const realm = new URL(registry.tokens?.realm ?? '');
  expect(realm.protocol).toBe('https:');
  for (const folder of [certificates, join(certificates, '..', realm.host)]) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'ca.crt'), registry.authority ?? '');
  }
  const signIn = ['login', registry.host, '-u', registryUser, '--password-stdin'];
  expect((await tare(signIn, env, registryPassword)).code).toBe(0);
  const name = `${registry.host}/team/two:1`;
  const trace = await tare(['push', `oci:${layout}`, name, '--verbose'], env);
  expect(trace.all).toContain(layoutDigest);
  for (const secret of [registryPassword, Buffer.from(`${registryUser}:${registryPassword}`).toString('base64'), 'eyJ'])
    expect(trace.all).not.toContain(secret);
  const copy = join(dir, 'token-tls-copy');
  const from = ['--src-cert-dir', certificates, '--src-authfile', join(env['DOCKER_CONFIG'] ?? '', 'config.json')];
  // Its own request for a token goes to another port, for which it takes the system's authorities.
  const skopeo = { env: { ...process.env, SSL_CERT_FILE: join(certificates, 'ca.crt') } };
  await mustRun('skopeo', ['copy', '-q', '--all', ...from, `docker://${name}`, `oci:${copy}`], skopeo);
  expect(JSON.parse(await readFile(join(copy, 'index.json'), 'utf8'))).toMatchObject({
    manifests: [{ digest: layoutDigest }],
  });
  const output = `oci:${join(dir, 'token-tls-pulled')}`;
  expect(v.parse(pullReport, await mustTare(['pull', name, '-o', output], env)).digest).toBe(layoutDigest);
});

test('a registry that is down is worth trying again, one behind a proxy for others is reached directly', async () => {
  const registry = await startRegistry();
  const proxied: string[] = [];
  const proxy = createServer((incoming, response) => {
    proxied.push(incoming.url ?? '');
    response.writeHead(502).end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  const env = surroundings('proxy', {
    HTTP_PROXY: `http://127.0.0.1:${port}`,
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
    NO_PROXY: '',
  });
  await mustTare(['push', `oci:${layout}`, `${registry.host}/team/two:1`], env);
  expect(proxied).toEqual([]);
  proxy.close();
  await registry.stop();
  const error = await failingTare(['push', `oci:${layout}`, `${registry.host}/team/two:2`], surroundings('down'));
  expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', exit: 75 });
});
