import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../../test/support/paths.ts';
import { makeFolder } from './make-folder.ts';

test('makes what is missing, alone or beside others that do the same', async () => {
  const dir = await temporaryDir('make-folder');
  const path = join(dir, 'a', 'b', 'c', 'd');
  await Promise.all(Array.from({ length: 20 }, () => makeFolder(path, 0o700)));
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await makeFolder(path);
  await makeFolder('/');
});

test('a file in the way is an error', async () => {
  const dir = await temporaryDir('make-folder');
  await writeFile(join(dir, 'file'), '');
  await expect(makeFolder(join(dir, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(dir, 'file', 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test('where nothing can be made it ends', async (context) => {
  if (!existsSync('/proc/self')) context.skip('needs /proc');
  for (const path of ['/proc/nope', '/proc/nope/a/b']) {
    await expect(makeFolder(path)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'mkdir' });
  }
});
