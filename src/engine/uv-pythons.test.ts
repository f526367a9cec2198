import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasComponent } from '../../test/support/components.ts';
import { engineContext, putProgram } from '../../test/support/engine-context.ts';
import { benchDir, temporaryDir } from '../../test/support/paths.ts';
import { sortArchives } from '../python-archive/archive-name.ts';
import { findUv } from './uv.ts';
import { listUvPythons, parseUvPythons } from './uv-pythons.ts';

const url = (release: string, file: string) => `https://anywhere.example/a/${release}/${file}`;
const file = 'cpython-3.12.7%2B20241016-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz';

describe('the Pythons that uv knows of', () => {
  test('are told by file and release, wherever they are', () => {
    const text = JSON.stringify([
      { key: 'a', url: url('20241016', file) },
      { key: 'b', url: url('latest', file) },
      { key: 'c', url: url('v7.3.17', 'pypy3.10-v7.3.17-linux64.tar.bz2') },
      { key: 'd', url: null },
      { key: 'e' },
    ]);
    expect(parseUvPythons(text, { version: '1.0.0' })).toMatchObject([
      { filename: file.replace('%2B', '+'), release: '20241016', python: '3.12' },
    ]);
  });

  test.each(['', '{}', '[1]', 'error: no'])('%j is an answer that is not understood', (text) => {
    expect(() => parseUvPythons(text, { version: '1.0.0' })).toThrow(
      expect.objectContaining({ code: 'UV_PYTHON_LIST_FAILED', hint: expect.stringContaining('`archive`') }),
    );
  });

  test('what uv complains of is passed on', async () => {
    const dir = await temporaryDir('uv');
    await putProgram(join(dir, 'bin'), 'uv', 'echo "error: unknown flag" >&2; exit 2');
    const uv = { path: join(dir, 'bin/uv'), version: '0.7.0', source: 'path' } as const;
    await expect(listUvPythons(engineContext(dir, {}), uv)).rejects.toMatchObject({
      code: 'UV_PYTHON_LIST_FAILED',
      actual: 'error: unknown flag',
    });
  });

  test('are known to a real uv without network and whatever it may download, for 3.9 to 3.14', async (context) => {
    if (!(await hasComponent('uv'))) context.skip('needs uv (test/setup)');
    const dir = await temporaryDir('uv');
    const path = `${join(benchDir, 'tools/bin')}:${process.env['PATH'] ?? ''}`;
    const offline = engineContext(dir, { PATH: path, UV_OFFLINE: '1', UV_PYTHON_DOWNLOADS: 'never' });
    const known = await listUvPythons(offline, await findUv(offline));
    for (const minor of ['3.9', '3.10', '3.11', '3.12', '3.13', '3.14']) {
      for (const machine of ['x86_64', 'aarch64']) {
        const wish = { machine, isFreeThreaded: false, allows: (python: string) => python === minor };
        expect(sortArchives(known, wish)[0]?.python, `${minor} ${machine}`).toBe(minor);
      }
    }
    const threads = { machine: 'x86_64', isFreeThreaded: true, allows: (python: string) => python === '3.14' };
    expect(sortArchives(known, threads)[0]?.filename).toContain('-freethreaded-');
  });
});
