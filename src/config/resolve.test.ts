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

  test('are not looked for in two places', async () => {
    const files = { 'pyproject.toml': '[tool.tare]\nport = 1', 'tare.toml': 'port = 2' };
    await expect(readFileConfig(projectOf(files))).rejects.toMatchObject({ code: 'CONFIG_TWICE' });
  });
});

describe('which setting wins', () => {
  const file = { config: { python: '3.11', port: 1, tag: 'file' }, source: 'tare.toml', lines: { python: 3 } };

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
    expect(config.sources.python).toEqual({ file: 'tare.toml', line: 3, rule: 'the setting `python`' });
    expect(config.sources.port?.rule).toContain('TARE_PORT');
    expect(config.sources.workdir?.rule).toBe('the default');
  });

  test.each([
    [{ TARE_PORT: 'http' }, 'TARE_PORT'],
    [{ TARE_PORT: '70000' }, 'TARE_PORT'],
    [{ TARE_STRICT: 'maybe' }, 'TARE_STRICT'],
  ])('%o is refused', (env, where) => {
    expect(() => resolveConfig(file, env, {})).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID', where }));
  });
});
