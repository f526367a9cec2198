import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineContext, putProgram } from '../../test/support/engine-context.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { composedInterpreter } from './composed-interpreter.ts';
import { findInterpreter, listInterpreters } from './interpreter.ts';

/** A stand-in for a Python of this version, which answers as one would. */
const python = (version: string): string => `echo "tare ${version} $0"`;

describe('the Python of the machine', () => {
  test('is the first that starts and is new enough', async () => {
    const dir = await temporaryDir('python');
    await putProgram(join(dir, 'shims'), 'python3', 'echo "pyenv: python3: command not found" >&2; exit 127');
    await putProgram(join(dir, 'old'), 'python3', python('3 7 17'));
    await putProgram(join(dir, 'two'), 'python', 'echo "SyntaxError" >&2; exit 1');
    await putProgram(join(dir, 'new'), 'python3.12', python('3 12 1'));
    const context = engineContext(dir, { PATH: ['shims', 'old', 'two', 'new'].map((one) => join(dir, one)).join(':') });
    expect(await findInterpreter(context)).toEqual({
      path: join(dir, 'new/python3.12'),
      version: { major: 3, minor: 12, patch: 1 },
    });
  });

  test('is asked only once, whatever names and shims lead to it', async () => {
    const dir = await temporaryDir('python');
    const bin = await putProgram(join(dir, 'bin'), 'python3.12', `echo x >> ${dir}/asked; ${python('3 12 1')}`);
    await symlink('python3.12', join(bin, 'python3'));
    await symlink('python3.12', join(bin, 'python'));
    await putProgram(join(dir, 'shims'), 'python3', `exec ${bin}/python3.12 "$@"`);
    const context = engineContext(dir, { PATH: `${join(dir, 'shims')}:${bin}` });
    const found: string[] = [];
    for await (const { path } of listInterpreters(context)) found.push(path);
    expect(found).toEqual([join(bin, 'python3.12')]);
  });

  test('is never taken from the working folder', async () => {
    const dir = await temporaryDir('python');
    await putProgram(join(dir, 'bin'), 'python3', python('3 12 1'));
    expect(await findInterpreter(engineContext(dir, { PATH: ':.:bin' }))).toBeUndefined();
  });
});

describe('the Python of a base', () => {
  async function fakeRoot(): Promise<{ readonly dir: string; readonly root: string }> {
    const dir = await temporaryDir("base's");
    const root = join(dir, 'root');
    const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
    await mkdir(libraries, { recursive: true });
    await mkdir(join(root, 'usr/lib/python3.13'));
    // As Debian lays out a merged root.
    await symlink('usr/lib', join(root, 'lib'));
    await symlink('usr/lib64', join(root, 'lib64'));
    await mkdir(join(root, 'usr/lib64'));
    await symlink('/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', join(root, 'usr/lib64/ld-linux-x86-64.so.2'));
    await putProgram(join(root, 'usr/bin'), 'python3.13', 'exit 1');
    // A loader that only says what it was asked to do.
    await putProgram(
      libraries,
      'ld-linux-x86-64.so.2',
      'printf "%s\\n" "$@" "LD=${LD_PRELOAD-none}${PYTHONHOME-none}"',
    );
    return { dir, root };
  }

  test('is started through its own loader with its own libraries', async () => {
    const { dir, root } = await fakeRoot();
    const request = { root, architecture: 'amd64', pythonVersion: '3.13', folder: join(dir, 'launcher') } as const;
    const path = await composedInterpreter(request);
    // A second time over the first.
    expect(await composedInterpreter(request)).toBe(path);
    const { runProgram } = await import('./program.ts');
    const { stdout } = await runProgram(path, ['-c', 'print(1)'], { env: { LD_PRELOAD: '/x', PYTHONHOME: '/y' } });
    expect(stdout.trim().split('\n')).toEqual([
      ...['--argv0', path, '--library-path', `${root}/usr/lib/x86_64-linux-gnu`],
      ...[`${root}/usr/bin/python3.13`, '-c', 'print(1)', 'LD=nonenone'],
    ]);
  });

  test('finds its standard library beside itself', async () => {
    const { dir, root } = await fakeRoot();
    await writeFile(join(root, 'usr/lib/python3.13/os.py'), 'here');
    const folder = join(dir, 'launcher');
    await composedInterpreter({ root, architecture: 'amd64', pythonVersion: '3.13', folder });
    expect(await readFile(join(folder, 'lib/python3.13/os.py'), 'utf8')).toBe('here');
  });

  test('that cannot be started is an error', async () => {
    const { dir, root } = await fakeRoot();
    await chmod(join(root, 'usr/bin/python3.13'), 0o644);
    const request = { root, architecture: 'amd64', pythonVersion: '3.13', folder: join(dir, 'launcher') } as const;
    await expect(composedInterpreter(request)).rejects.toMatchObject({
      code: 'INTERPRETER_MISSING',
      message: expect.stringContaining('/usr/bin/python3.13'),
    });
  });
});
