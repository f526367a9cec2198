import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mustRun } from '../../test/support/command.ts';
import { engineContext } from '../../test/support/engine-context.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { exportCommit, resolveRevision } from './git-source.ts';

const author = ['-c', 'user.name=jo', '-c', 'user.email=jo@shop.example'];

/** A repository with one file, as git serves it from plain files. */
async function makeRepository(dir: string, file: string): Promise<string> {
  await mustRun('git', ['init', '--quiet', '-b', 'main', dir]);
  await writeFile(join(dir, file), 'x = 1\n');
  await commitAll(dir);
  return dir;
}

async function commitAll(dir: string): Promise<void> {
  await mustRun('git', ['-C', dir, 'add', '-A']);
  await mustRun('git', ['-C', dir, ...author, 'commit', '--quiet', '-m', 'next']);
  await mustRun('git', ['-C', dir, 'update-server-info']);
}

/** Serves the files below a folder; gives its port. */
async function serveFolder(dir: string): Promise<number> {
  const server = createServer((request, response) => {
    readFile(join(dir, (request.url ?? '').replace(/\?.*$/, ''))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a commit comes with its submodules and without history, and no password stays in the cache', async () => {
  const dir = await temporaryDir('git-source');
  await makeRepository(join(dir, 'part'), 'part.py');
  const whole = await makeRepository(join(dir, 'whole'), 'whole.py');
  const port = await serveFolder(dir);
  const clone = ['clone', '--quiet', `http://127.0.0.1:${port}/part/.git`, join(whole, 'part')];
  await mustRun('git', clone);
  await writeFile(join(whole, '.gitmodules'), '[submodule "part"]\n\tpath = part\n\turl = ../../part/.git\n');
  await commitAll(whole);
  const context = engineContext(dir, { PATH: process.env['PATH'] ?? '', HOME: dir });
  const url = `http://jo:pass-word-1@127.0.0.1:${port}/whole/.git`;
  const commit = await resolveRevision(context, url, 'main');
  const folder = join(dir, 'export');
  const found = await exportCommit(context, { kind: 'git', url, commit }, folder, { describe: true });
  expect(found.date).toBeGreaterThan(1_500_000_000);
  expect((await readdir(folder)).sort()).toEqual(['.gitmodules', 'part', 'whole.py']);
  expect(await readdir(join(folder, 'part'))).toEqual(['part.py']);
  for (const entry of await readdir(join(context.cacheDir, 'git'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    expect((await readFile(path, 'latin1')).includes('pass-word-1'), path).toBe(false);
  }
  // What was kept is enough for another copy.
  await exportCommit(context, { kind: 'git', url, commit }, join(dir, 'again'), { describe: false });
  expect(await readdir(join(dir, 'again', 'part'))).toEqual(['part.py']);
});
