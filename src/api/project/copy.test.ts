import { lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../../../test/support/paths.ts';
import { copyProjectFiles, editModule } from './copy.ts';

test('a copy has the files and links that were named, and an edit of it leaves the project alone', async () => {
  const [from, to] = [await temporaryDir('from'), join(await temporaryDir('to'), 'shop')];
  await mkdir(join(from, 'shop'));
  await writeFile(join(from, 'shop', 'main.py'), 'x = 1', { mode: 0o755 });
  await writeFile(join(from, 'secret'), 's');
  await symlink('shop/main.py', join(from, 'link'));
  await copyProjectFiles(from, ['shop/main.py', 'link'], to);
  await editModule(join(to, 'shop', 'main.py'), 'mark');
  expect(await readFile(join(to, 'shop', 'main.py'), 'utf8')).toBe("x = 1\n_edited = 'mark'\n");
  expect(await readFile(join(from, 'shop', 'main.py'), 'utf8')).toBe('x = 1');
  expect(await readlink(join(to, 'link'))).toBe('shop/main.py');
  expect((await lstat(join(to, 'shop', 'main.py'))).mode & 0o777).toBe(0o755);
  await expect(lstat(join(to, 'secret'))).rejects.toThrow('ENOENT');
});
