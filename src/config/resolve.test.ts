import { describe, expect, test } from 'vitest';
import { parseTomlDocument } from '../project/toml-document.ts';
import { readFileConfig } from './file.ts';
import { resolveConfig } from './resolve.ts';

function projectOf(files: Readonly<Record<string, string>>) {
  return {
    readToml: async (path: string) => {
      const text = files[path];
      return text === undefined ? undefined : parseTomlDocument(text, path);
    },
  };
}

describe('settings of a file', () => {
  test('stand under [tool.tare] or in tare.toml, with their lines', async () => {
    const text =
      '[project]\nname = "x"\n\n[tool.tare]\npython = "3.11"\nport = 9000\n[tool.tare.debian]\nsecurity-mirror = "http://m.example/s"\n';
    const read = await readFileConfig(projectOf({ 'pyproject.toml': text }));
    expect(read.config).toEqual({ python: '3.11', port: 9000, debian: { securityMirror: 'http://m.example/s' } });
    expect(read.lines.port).toBe(6);
    expect((await readFileConfig(projectOf({ 'tare.toml': 'strict = true' }))).config).toEqual({ strict: true });
  });

  test.each([
    ['[tool.tare]\nentrypoin = "a:b"', 'CONFIG_UNKNOWN_KEY', 'entrypoint'],
    ['[tool.tare]\nplatform = ["linux/amd64"]', 'CONFIG_UNKNOWN_KEY', 'platforms'],
    ['[tool.tare.debian]\nsecurity_mirror = "x"', 'CONFIG_UNKNOWN_KEY', 'security-mirror'],
    ['[tool.tare.standalone]\narchives = "x"', 'CONFIG_UNKNOWN_KEY', 'archive'],
    ['[tool.tare]\nport = "80"', 'CONFIG_INVALID', 'configuration.md'],
    ['[tool.tare]\nworkdir = "app"', 'CONFIG_INVALID', 'configuration.md'],
    ['[tool]\ntare = 3', 'CONFIG_INVALID', 'configuration.md'],
  ])('%s is refused', async (text, code, hint) => {
    await expect(readFileConfig(projectOf({ 'pyproject.toml': text }))).rejects.toMatchObject({
      code,
      where: expect.stringContaining('pyproject.toml:2'),
      hint: expect.stringContaining(hint),
    });
  });

  test('the hash of an archive may be one, or one for each platform', async () => {
    for (const sha256 of ['"ab"', '{ "linux/amd64" = "ab" }']) {
      const text = `[tool.tare.standalone]\narchive = "http://m.example/"\nsha256 = ${sha256}\n`;
      const { config } = await readFileConfig(projectOf({ 'pyproject.toml': text }));
      expect(config.standalone).toMatchObject({ archive: 'http://m.example/', sha256: expect.anything() });
    }
  });

  test('are not looked for in two places', async () => {
    const files = { 'pyproject.toml': '[tool.tare]\nport = 1', 'tare.toml': 'port = 2' };
    await expect(readFileConfig(projectOf(files))).rejects.toMatchObject({ code: 'CONFIG_TWICE' });
  });
});

test('variants of an image are settings as all others', async () => {
  const text = 'debug = true\nread-only = true\nca-certificates = ["company.pem"]\n';
  const file = await readFileConfig(projectOf({ 'tare.toml': text }));
  const variants = { debug: true, readOnly: true, caCertificates: ['company.pem'] };
  expect(resolveConfig(file, {}, {})).toMatchObject(variants);
  const env = { TARE_DEBUG: 'off', TARE_READ_ONLY: '0', TARE_CA_CERTIFICATES: 'a.pem, b.pem' };
  const others = { debug: false, readOnly: false, caCertificates: ['a.pem', 'b.pem'] };
  expect(resolveConfig(file, env, {})).toMatchObject(others);
  expect(resolveConfig({ config: {}, lines: {} }, {}, {})).toMatchObject({
    debug: false,
    readOnly: false,
    caCertificates: [],
  });
});

test('what may be built is said in words or by names, in every place', () => {
  const none = { config: {}, lines: {} };
  expect(resolveConfig(none, {}, {})).toMatchObject({ buildWheels: 'auto', buildPackages: [], buildSeconds: 3600 });
  const env = { TARE_BUILD_WHEELS: 'docopt, x', TARE_BUILD_PACKAGES: 'libpq-dev', TARE_BUILD_SECONDS: '60' };
  const named = { buildWheels: ['docopt', 'x'], buildPackages: ['libpq-dev'], buildSeconds: 60 };
  expect(resolveConfig(none, env, {})).toMatchObject(named);
  expect(resolveConfig(none, env, { buildWheels: 'never' }).buildWheels).toBe('never');
  for (const wrong of ['0', '-1', 'long']) {
    const where = 'TARE_BUILD_SECONDS';
    expect(() => resolveConfig(none, { [where]: wrong }, {})).toThrowError(expect.objectContaining({ where }));
  }
});

test('of variables and labels each name is decided by itself', () => {
  const file = {
    config: { env: { A: 'file', B: 'file' }, labels: { a: 'file' } },
    source: 'tare.toml',
    lines: { env: 2 },
  };
  const config = resolveConfig(file, {}, { env: { A: 'flag' }, labels: { b: 'flag' } });
  expect(config.env).toEqual({ A: 'flag', B: 'file' });
  expect(config.labels).toEqual({ a: 'file', b: 'flag' });
  expect(config.envOrigins['A']?.rule).toContain('command line');
  expect(config.envOrigins['B']).toMatchObject({ file: 'tare.toml', line: 2 });
});

describe('which setting wins', () => {
  test('a default of the command stands behind all that says where the image goes', () => {
    const none = { defaultOutput: 'none' };
    const nothing = { config: {}, lines: {} };
    expect(resolveConfig(nothing, {}, {}).output).toBe('oci:.tare/image');
    expect(resolveConfig(nothing, {}, none)).toMatchObject({
      output: 'none',
      origins: { output: { rule: 'the default' } },
    });
    expect(resolveConfig({ config: { output: 'oci:out' }, lines: {} }, {}, none).output).toBe('oci:out');
    expect(resolveConfig(nothing, { TARE_OUTPUT: 'oci:env' }, none).output).toBe('oci:env');
    expect(resolveConfig(nothing, {}, { ...none, output: 'oci:flag' }).output).toBe('oci:flag');
  });

  const file = { config: { python: '3.11', port: 1, tag: 'file' }, source: 'tare.toml', lines: { python: 3 } };

  test('where old packages are is its own matter beside the mirrors', () => {
    const mirror = { mirror: 'http://m.example/debian', keys: ['a.asc'] };
    const debian = { config: { debian: { ...mirror, snapshot: 'http://file.example' } }, lines: {} };
    const env = { TARE_DEBIAN_SNAPSHOT: 'http://old.example' };
    expect(resolveConfig(debian, env, {}).debian).toEqual({ ...mirror, snapshot: 'http://old.example' });
    expect(resolveConfig(debian, { TARE_DEBIAN_MIRROR: 'http://n.example' }, {}).debian).toEqual({
      mirror: 'http://n.example',
      snapshot: 'http://file.example',
    });
  });

  test('flags over environment over file over defaults, each with its source', () => {
    const config = resolveConfig(
      file,
      { TARE_PORT: '2', TARE_TAG: 'env', TARE_PLATFORMS: 'linux/amd64, linux/arm64' },
      { tag: 'flag' },
    );
    expect(config).toMatchObject({
      python: '3.11',
      port: 2,
      tag: 'flag',
      workdir: '/app',
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    expect(config.origins.python).toEqual({ file: 'tare.toml', line: 3, rule: 'the setting `python`' });
    expect(config.origins.port?.rule).toContain('TARE_PORT');
    expect(config.origins.workdir?.rule).toBe('the default');
    expect(resolveConfig(file, { TARE_PYTHON_ARCHIVE: '/srv/p.tar.gz' }, {}).standalone).toEqual({
      archive: '/srv/p.tar.gz',
    });
  });

  test.each([
    [{ TARE_PORT: 'http' }, 'TARE_PORT'],
    [{ TARE_PORT: '70000' }, 'TARE_PORT'],
    [{ TARE_STRICT: 'maybe' }, 'TARE_STRICT'],
    [{ TARE_DEBUG: '2' }, 'TARE_DEBUG'],
    [{ TARE_READ_ONLY: 'rw' }, 'TARE_READ_ONLY'],
  ])('%o is refused', (env, where) => {
    expect(() => resolveConfig(file, env, {})).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID', where }));
  });
});
