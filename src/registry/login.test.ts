import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTemporaryDir } from '../../test/support/paths.ts';
import { findCredentials } from './credentials.ts';
import { forgetCredentials, keepCredentials } from './login.ts';

let home: string;
let config: string;
const { signal } = new AbortController();
const credentials = { kind: 'password', username: 'jo', password: 'secret:1' } as const;

beforeEach(async () => {
  home = await makeTemporaryDir('login');
  config = join(home, '.docker', 'config.json');
  await mkdir(join(home, '.docker'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const surroundings = (env: Readonly<Record<string, string>> = {}) => ({ home, env, signal });
const readConfig = async (): Promise<unknown> => JSON.parse(await readFile(config, 'utf8'));

/** A program that keeps everything in a file. */
async function installProgram(): Promise<Readonly<Record<string, string>>> {
  const program = join(home, 'docker-credential-test');
  await writeFile(
    program,
    `#!/bin/sh
case $1 in
  store) cat > ${home}/kept ;;
  get) cat > ${home}/asked; if [ -f ${home}/kept ]; then cat ${home}/kept; else echo "credentials not found in native keychain"; exit 1; fi ;;
  erase) rm -f ${home}/kept ;;
esac
`,
  );
  await chmod(program, 0o755);
  return { PATH: `${home}:/usr/bin:/bin` };
}

test('what is kept is found again, for that registry alone, and forgotten', async () => {
  await keepCredentials(surroundings(), 'registry.example', credentials);
  expect((await stat(config)).mode & 0o777).toBe(0o600);
  expect((await findCredentials(surroundings(), 'registry.example', 'a/b'))?.credentials).toEqual(credentials);
  expect(await findCredentials(surroundings(), 'other.example', 'a/b')).toBeUndefined();
  expect(await forgetCredentials(surroundings(), 'registry.example')).toBeDefined();
  expect(await forgetCredentials(surroundings(), 'registry.example')).toBeUndefined();
  expect(await readConfig()).toEqual({ auths: {} });
});

test('everything else in the file stays', async () => {
  const before = { psFormat: 'x', auths: { 'a.example': { auth: 'YTpi', email: 'x' } }, proxies: { default: {} } };
  await writeFile(config, JSON.stringify(before));
  await keepCredentials(surroundings(), 'registry.example', credentials);
  const after = { ...before, auths: { ...before.auths, 'registry.example': { auth: 'am86c2VjcmV0OjE=' } } };
  expect(await readConfig()).toEqual(after);
});

test('a link stays a link', async () => {
  const real = join(home, 'real.json');
  await writeFile(real, '{}');
  await symlink(real, config);
  await keepCredentials(surroundings(), 'registry.example', credentials);
  expect(await readFile(real, 'utf8')).toContain('registry.example');
});

test('a damaged file is left as it is', async () => {
  await writeFile(config, '{"auths": ');
  await expect(keepCredentials(surroundings(), 'registry.example', credentials)).rejects.toMatchObject({
    code: 'CREDENTIALS_INVALID',
  });
  expect(await readFile(config, 'utf8')).toBe('{"auths": ');
});

test('where a program keeps credentials, the file does not have them', async () => {
  const env = await installProgram();
  await writeFile(config, JSON.stringify({ credsStore: 'test' }));
  const change = await keepCredentials(surroundings(env), 'registry.example', credentials);
  expect(change).toEqual({ place: 'docker-credential-test', isHelper: true });
  expect(await readConfig()).toEqual({ credsStore: 'test', auths: { 'registry.example': {} } });
  expect(await findCredentials(surroundings(env), 'registry.example', undefined)).toMatchObject({ credentials });
  expect(await readFile(join(home, 'asked'), 'utf8')).toBe('registry.example');
  await forgetCredentials(surroundings(env), 'registry.example');
  expect(await findCredentials(surroundings(env), 'registry.example', undefined)).toBeUndefined();
});

test('a program for one registry is asked for that one only', async () => {
  const env = await installProgram();
  await writeFile(config, JSON.stringify({ credHelpers: { 'registry.example': 'test' } }));
  await writeFile(join(home, 'kept'), JSON.stringify({ Username: '<token>', Secret: 'identity-1' }));
  expect(await findCredentials(surroundings(env), 'other.example', undefined)).toBeUndefined();
  expect(await findCredentials(surroundings(env), 'registry.example', undefined)).toMatchObject({
    credentials: { kind: 'identity', token: 'identity-1' },
  });
});

test("podman's files are read after docker's, REGISTRY_AUTH_FILE before", async () => {
  const auth = (user: string) =>
    JSON.stringify({ auths: { 'registry.example': { auth: Buffer.from(`${user}:x`).toString('base64') } } });
  const env = { XDG_RUNTIME_DIR: join(home, 'run'), REGISTRY_AUTH_FILE: join(home, 'named.json') };
  const user = async () => {
    const found = await findCredentials(surroundings(env), 'registry.example', undefined);
    return found?.credentials.kind === 'password' ? found.credentials.username : undefined;
  };
  await mkdir(join(home, '.config', 'containers'), { recursive: true });
  await writeFile(join(home, '.config', 'containers', 'auth.json'), auth('config'));
  expect(await user()).toBe('config');
  await mkdir(join(home, 'run', 'containers'), { recursive: true });
  await writeFile(join(home, 'run', 'containers', 'auth.json'), auth('runtime'));
  expect(await user()).toBe('runtime');
  await writeFile(config, auth('docker'));
  expect(await user()).toBe('docker');
  await writeFile(join(home, 'named.json'), auth('named'));
  expect(await user()).toBe('named');
});
