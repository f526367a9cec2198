import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pythonProgram, readMadeBase, slimFiles } from '../../test/support/base-maker.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import type { TarEntry } from '../archive/tar-reader.ts';
import { withPythonVersions } from './python-text.ts';
import { assertPython } from './pythons.ts';

const { 'usr/local/include/python3.12/patchlevel.h': _header, ...withoutHeader } = slimFiles;

describe('Pythons of a base', () => {
  test('the one that PATH finds first is taken, and none is listed twice', async () => {
    const files = {
      ...slimFiles,
      'usr/bin/python3.11': pythonProgram('glibc', '\u00003.11.2\0'),
      'usr/bin/python3.12': pythonProgram('glibc', '\u00003.12.0\0'),
      'usr/bin/python3': '-> python3.11',
      'opt/venv/bin/python3.12': '-> /usr/local/bin/python3.12',
      'opt/shims/bin/python3.10': '#!/bin/sh\nexec pyenv exec python3.10\n',
      'opt/conda/bin/python3.13t': pythonProgram('glibc', '\u00003.13.1\0'),
      bin: '-> usr/bin',
    };
    const env = { PATH: '/opt/venv/bin:/usr/local/bin:/usr/bin:/bin' };
    const base = await readMadeBase(await temporaryDir('base'), [files], { env });
    expect(base.pythons.map((one) => `${one.abi} ${one.fullVersion} ${one.interpreter}`)).toEqual([
      'cp312 3.12.11 /usr/local/bin/python3.12',
      'cp311 3.11.2 /usr/bin/python3.11',
      'cp312 3.12.0 /usr/bin/python3.12',
      'cp313t 3.13.1 /opt/conda/bin/python3.13t',
    ]);
    expect(assertPython(base, '3.12').prefix).toBe('/usr/local');
    expect(() => assertPython(base, '3.13')).toThrow(
      expect.objectContaining({
        code: 'BASE_PYTHON_MISSING',
        message: 'the base has no Python 3.13',
        actual: expect.stringContaining('3.13.1 (free-threaded) at /opt/conda/bin/python3.13t'),
        hint: expect.stringContaining('--python 3.12'),
      }),
    );
  });

  test('the full version comes from the shared library where the program only loads it', async () => {
    const library = { 'usr/local/lib/libpython3.12.so.1.0': pythonProgram('glibc', 'x\u00003.12.7+\0') };
    const base = await readMadeBase(await temporaryDir('base'), [withoutHeader, library], {
      env: { PYTHON_VERSION: '3.12.1' },
    });
    expect(assertPython(base, '3.12').fullVersion).toBe('3.12.7');
  });

  test("else from the image's variable, unless that is of another Python", async () => {
    const dir = await temporaryDir('base');
    const told = await readMadeBase(dir, [withoutHeader], { env: { PYTHON_VERSION: '3.12.1' } });
    expect(assertPython(told, '3.12').fullVersion).toBe('3.12.1');
    const wrong = await readMadeBase(dir, [withoutHeader], { env: { PYTHON_VERSION: '3.13.1' } });
    expect(assertPython(wrong, '3.12').fullVersion).toBeUndefined();
  });
});

describe('the version inside a program', () => {
  async function versionsOf(path: string, bytes: Uint8Array, piece: number): Promise<readonly string[]> {
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    }
    async function* entries(): AsyncGenerator<TarEntry> {
      yield { path, type: 'file', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: bytes.length, body: body() };
    }
    const found: string[] = [];
    const passed: Uint8Array[] = [];
    for await (const entry of withPythonVersions(entries(), (at, version) => found.push(`${at} ${version}`))) {
      for await (const chunk of entry.body) passed.push(Uint8Array.from(chunk));
    }
    expect(Buffer.concat(passed).equals(Buffer.from(bytes))).toBe(true);
    return found;
  }

  test('is found whatever the pieces it comes in', async () => {
    const bytes = Buffer.from(
      'junk 3.12.x\u00003.12\u000013.12.4\u0000v3.12.5\u0000 3.12.6 \u0000\u00003.12.13rc2\u0000after',
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (piece) => {
        expect(await versionsOf('usr/bin/python3.12', bytes, piece)).toEqual(['usr/bin/python3.12 3.12.13rc2']);
      }),
    );
  });

  test('is not looked for in other files, nor is that of another Python taken', async () => {
    const bytes = Buffer.from('\u00003.12.4\u0000');
    expect(await versionsOf('usr/lib/libfoo.so', bytes, 5)).toEqual([]);
    expect(await versionsOf('usr/lib/libpython3.11.so.1.0', bytes, 5)).toEqual([]);
    expect(await versionsOf('usr/lib/libpython3.12.so.1.0', bytes, 5)).toHaveLength(1);
  });
});
