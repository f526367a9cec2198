import { expect, test } from 'vitest';
import { readUvSettings } from './uv-config.ts';

const read = (files: Readonly<Record<string, string>>, tool?: unknown) =>
  readUvSettings({
    env: {},
    readFile: async (path) => files[path],
    home: '/home/me',
    platform: 'linux',
    project: '/app',
    ...(tool === undefined ? {} : { tool }),
  });

test('the mirror of Pythons is read of the project and of the user, with the folder it is meant from', async () => {
  const files = { '/home/me/.config/uv/uv.toml': 'python-install-mirror = "file:///srv/pythons"' };
  const tool = { 'python-install-mirror': 'https://mirror.example/pythons' };
  const settings = await read(files, tool);
  expect(settings.map((one) => [one.pythonInstallMirror, one.folder])).toEqual([
    ['https://mirror.example/pythons', '/app'],
    ['file:///srv/pythons', '/home/me/.config/uv'],
  ]);
  await expect(read({}, { 'python-install-mirror': 3 })).rejects.toMatchObject({ code: 'UV_CONFIG_INVALID' });
});
