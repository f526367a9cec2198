import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { linkTree } from './link-tree.ts';

test('a copy shares its files, and has links and folders of its own', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tare-link-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'from/a'), { recursive: true, mode: 0o750 });
  await writeFile(join(dir, 'from/a/b'), 'text');
  await symlink('/nowhere', join(dir, 'from/link'));
  linkTree(join(dir, 'from'), join(dir, 'to'));
  const [one, other] = await Promise.all(['from', 'to'].map((name) => lstat(join(dir, name, 'a/b'))));
  expect(one?.ino).toBe(other?.ino);
  expect(await readlink(join(dir, 'to/link'))).toBe('/nowhere');
  await writeFile(join(dir, 'to/a/c'), 'new');
  await expect(readFile(join(dir, 'from/a/c'))).rejects.toMatchObject({ code: 'ENOENT' });
});
