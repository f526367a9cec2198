import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineContext, putProgram } from '../../test/support/engine-context.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import type { Context } from '../base/context.ts';
import type { IndexConfig } from '../python/index-config.ts';
import { defaultIndexUrl, findUv, resolveWithUv, type UvProgram, uvPlatform } from './uv.ts';
import { isNewEnough } from './uv-program.ts';

const noIndex: IndexConfig = {
  extraIndexUrls: [],
  findLinks: [],
  noIndex: false,
  trustedHosts: [],
  sources: {},
  credentials: () => undefined,
};
const request = {
  requirements: 'fastapi\n',
  pythonVersion: '3.13',
  platform: 'x86_64',
  glibc: { major: 2, minor: 41 },
  interpreter: '/usr/bin/python3',
  cwd: '/',
} as const;

/** A stand-in for uv that writes down how it was called and answers with a lock or fails. */
async function fakeUv(
  answer = 'printf \'lock-version = "1.0"\\n\'',
): Promise<{ dir: string; uv: UvProgram; context: Context }> {
  const dir = await temporaryDir('uv');
  const record = `printf '%s\\n' "$@" > ${dir}/arguments; env > ${dir}/environment; cat > ${dir}/input`;
  await putProgram(join(dir, 'bin'), 'uv', `PATH=/usr/bin:/bin\n${record}\n${answer}`);
  const context = engineContext(dir, { PATH: join(dir, 'bin') });
  return { dir, uv: { path: join(dir, 'bin/uv'), version: '0.11.32', source: 'path' }, context };
}

const lines = async (dir: string, name: string): Promise<string[]> =>
  (await readFile(join(dir, name), 'utf8')).split('\n');

describe('finding uv', () => {
  test.each([
    ['0.11.32', true],
    ['0.6.15', true],
    ['0.6.14', false],
    ['0.5.99', false],
    ['1.0.0', true],
    ['0.7.0-rc1', true],
  ])('%s is new enough: %s', (version, answer) => {
    expect(isNewEnough(version)).toBe(answer);
  });

  test('takes the first of PATH that starts and is new enough', async () => {
    const dir = await temporaryDir('uv');
    await putProgram(join(dir, 'broken'), 'uv', 'exit 1');
    await putProgram(join(dir, 'old'), 'uv', 'echo "uv 0.4.30"');
    await putProgram(join(dir, 'new'), 'uv', 'echo "uv 0.12.0 (abc 2026-01-01)"');
    const context = engineContext(dir, { PATH: ['broken', 'old', 'new'].map((one) => join(dir, one)).join(':') });
    expect(await findUv(context)).toEqual({ path: join(dir, 'new/uv'), version: '0.12.0', source: 'path' });
  });

  test('with none, and offline, says what was looked at and what to do', async () => {
    const dir = await temporaryDir('uv');
    await putProgram(join(dir, 'bin'), 'uv', 'echo "uv 0.4.30"');
    const context = engineContext(dir, { PATH: join(dir, 'bin') }, { offline: true });
    await expect(findUv(context)).rejects.toMatchObject({
      code: 'UV_MISSING',
      actual: expect.stringMatching(/0\.4\.30.*not in the cache/),
      hint: expect.stringContaining('pip install uv'),
    });
  });

  test('asks pip for the pinned wheel by hash, and says what pip answered', async () => {
    const dir = await temporaryDir('uv');
    const script = `case "$*" in
*sys.version_info*) echo "tare 3 12 1 $0";;
*) printf '%s ' "$@" > ${dir}/asked; while [ "$1" != -r ]; do shift; done; /bin/cat "$2" > ${dir}/requirement
   echo "ERROR: No matching distribution found at https://user:secret@index.example/simple" >&2; exit 1;;
esac`;
    await putProgram(join(dir, 'bin'), 'python3', script);
    const failing = findUv(engineContext(dir, { PATH: join(dir, 'bin') }));
    const error = await failing.catch((one: unknown) => one);
    expect(error).toMatchObject({
      code: 'UV_MISSING',
      actual: expect.stringContaining('No matching distribution'),
      transient: false,
    });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(await readFile(join(dir, 'asked'), 'utf8')).toContain(
      'pip download --no-deps --only-binary :all: --require-hashes',
    );
    expect(await readFile(join(dir, 'requirement'), 'utf8')).toMatch(
      /^uv==\d+\.\d+\.\d+ \\\n( {4}--hash=sha256:[0-9a-f]{64}( \\)?\n){13}$/,
    );
  });
});

describe('resolving', () => {
  test('asks for the target, wheels only, and no downloads of interpreters', async () => {
    const { dir, uv, context } = await fakeUv();
    expect(await resolveWithUv({ ...context, offline: true }, uv, request)).toBe('lock-version = "1.0"\n');
    const args = await lines(dir, 'arguments');
    for (const words of [
      '--python-platform\nx86_64-manylinux_2_40',
      '--python-version\n3.13',
      '--only-binary\n:all:',
      '--offline',
    ]) {
      expect(args.join('\n')).toContain(words);
    }
    expect(await lines(dir, 'environment')).toEqual(
      expect.arrayContaining(['UV_PYTHON_DOWNLOADS=never', 'UV_SYSTEM_CERTS=true']),
    );
    expect(await lines(dir, 'input')).toEqual(['fastapi', '']);
  });

  test('gives uv what pip is configured with, and no credential among the arguments', async () => {
    const { dir, uv, context } = await fakeUv();
    const index: IndexConfig = {
      ...noIndex,
      indexUrl: 'https://index.example/simple',
      extraIndexUrls: ['https://extra.example/simple'],
      findLinks: ['/nowhere-at-all', dir, 'https://links.example/'],
      certificate: '/etc/company.pem',
      proxy: 'http://proxy.example:3128',
      sources: { indexUrl: { file: 'pip.conf', rule: '`index-url` of pip' } },
      credentials: (url) => (url.includes('index.example') ? { username: 'me', password: 'p@ss/word' } : undefined),
    };
    await resolveWithUv(context, uv, { ...request, index });
    expect(await lines(dir, 'environment')).toEqual(
      expect.arrayContaining([
        'UV_DEFAULT_INDEX=https://me:p%40ss%2Fword@index.example/simple',
        'UV_INDEX=https://extra.example/simple',
        `UV_FIND_LINKS=${dir},https://links.example/`,
        'SSL_CERT_FILE=/etc/company.pem',
        'HTTPS_PROXY=http://proxy.example:3128',
      ]),
    );
    expect((await lines(dir, 'arguments')).join(' ')).not.toMatch(/p@ss|p%40ss|index\.example/);
  });

  test('leaves what uv itself is configured with alone', async () => {
    const { dir, uv, context } = await fakeUv();
    const env = { ...context.env, UV_DEFAULT_INDEX: 'https://uv.example/simple' };
    const index = {
      ...noIndex,
      indexUrl: 'https://pip.example/simple',
      extraIndexUrls: ['https://named.example/simple'],
      sources: { extraIndexUrls: { file: 'pyproject.toml', rule: '`[[tool.uv.index]]`' } },
    };
    await resolveWithUv({ ...context, env }, uv, { ...request, index });
    const environment = await lines(dir, 'environment');
    expect(environment).toContain('UV_DEFAULT_INDEX=https://uv.example/simple');
    expect(environment.filter((line) => line.startsWith('UV_INDEX='))).toEqual([]);
  });

  test('constraints reach uv and do not stay', async () => {
    const { dir, uv, context } = await fakeUv(
      'while [ "$1" != -c ]; do shift; done; cat "$2" > "${0%/*}/seen"; printf "lock-version"',
    );
    await resolveWithUv(context, uv, { ...request, constraints: 'starlette<1\n' });
    expect(await readFile(join(dir, 'bin/seen'), 'utf8')).toBe('starlette<1\n');
    const [file] = (await lines(dir, 'arguments')).filter((line) => line.endsWith('constraints.txt'));
    await expect(readFile(file ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a uv that cannot be started is named', async () => {
    const { context } = await fakeUv();
    const uv: UvProgram = { path: '/nowhere/uv', version: '0.11.32', source: 'path' };
    await expect(resolveWithUv(context, uv, request)).rejects.toMatchObject({
      code: 'PROGRAM_NOT_STARTED',
      message: expect.stringContaining('/nowhere/uv'),
    });
  });

  test.each([
    [41, 'x86_64-manylinux_2_40'],
    [36, 'x86_64-manylinux_2_36'],
    [30, 'x86_64-manylinux_2_28'],
    [17, 'x86_64-manylinux_2_17'],
  ])('a target with glibc 2.%i is %s', (minor, platform) => {
    expect(uvPlatform('x86_64', { major: 2, minor })).toBe(platform);
  });

  test('an architecture that uv has no words for is resolved for all', async () => {
    expect(uvPlatform('armv7l', { major: 2, minor: 41 })).toBeUndefined();
  });

  test('a C library that no wheel is made for is an error', () => {
    expect(() => uvPlatform('aarch64', { major: 2, minor: 16 })).toThrow(
      expect.objectContaining({ code: 'GLIBC_TOO_OLD' }),
    );
  });
});

describe('the default index', () => {
  test('is what uv names', async () => {
    const { uv, context } = await fakeUv("echo '# comment'; echo '--index-url https://index.example/simple'");
    expect(await defaultIndexUrl(context, uv, '/usr/bin/python3')).toBe('https://index.example/simple');
  });

  test('is an error where uv names none, or there is no Python for it', async () => {
    const { uv, context } = await fakeUv('true');
    await expect(defaultIndexUrl(context, uv, '/usr/bin/python3')).rejects.toMatchObject({ code: 'INDEX_UNKNOWN' });
    await expect(defaultIndexUrl(context, uv)).rejects.toMatchObject({ code: 'INTERPRETER_MISSING' });
  });
});
