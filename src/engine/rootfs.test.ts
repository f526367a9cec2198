import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDir } from '../../test/support/paths.ts';
import { ensureFile, ensureFolder, resolveInRoot } from './rootfs.ts';

/** A root that tries to lead out of itself. */
async function hostileRoot(): Promise<{ readonly root: string; readonly outside: string }> {
  const dir = await temporaryDir('rootfs');
  const [root, outside] = [join(dir, 'root'), join(dir, 'outside')];
  await mkdir(join(root, 'real/sub'), { recursive: true });
  await mkdir(outside);
  await symlink(outside, join(root, 'absolute'));
  await symlink('../../../../../outside', join(root, 'relative'));
  await symlink('/real', join(root, 'etc'));
  await symlink('sub/../sub', join(root, 'real/again'));
  await symlink('loop', join(root, 'loop'));
  return { root, outside };
}

describe('paths in an image', () => {
  test.each([
    ['/etc/passwd', 'real/passwd'],
    ['/etc/again/x', 'real/sub/x'],
    ['/../../real', 'real'],
    ['/relative/x', 'outside/x'],
    ['missing/../x', 'x'],
    ['/', ''],
  ])('%s', async (path, inside) => {
    const { root } = await hostileRoot();
    expect(await resolveInRoot(root, path)).toBe(join(root, inside));
  });

  test('an absolute link is meant from the root of the image', async () => {
    const { root, outside } = await hostileRoot();
    expect(await resolveInRoot(root, '/absolute/x')).toBe(join(root, outside, 'x'));
  });

  test('a circle of links is an error', async () => {
    const { root } = await hostileRoot();
    await expect(resolveInRoot(root, '/loop/x')).rejects.toMatchObject({ code: 'IMAGE_LINK_LOOP' });
  });

  test('nothing is made outside', async () => {
    const { root, outside } = await hostileRoot();
    await ensureFile(root, '/absolute/file');
    await ensureFolder(root, '/relative/folder');
    await expect(lstat(join(outside, 'file'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(lstat(join(outside, 'folder'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a file that is there keeps its content', async () => {
    const { root } = await hostileRoot();
    await writeFile(join(root, 'real/hosts'), 'mine');
    expect(await readFile(await ensureFile(root, '/etc/hosts'), 'utf8')).toBe('mine');
  });
});
