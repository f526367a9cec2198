import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The repository. */
export const rootDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What tests keep between runs: downloads, tools. Ignored by git. */
export const benchDir = join(rootDir, '.bench');

/** The cache that tests share, so that wheels and Debian packages are downloaded once. */
export const sharedCacheDir = join(benchDir, 'cache');

/** The compiled command. */
export const cliPath = join(rootDir, 'dist', 'main.js');

/** A new folder outside the repository (and so outside its git). The caller removes it. */
export async function makeTemporaryDir(name: string): Promise<string> {
  // Lower case: podman takes the path of a layout for the name of its image.
  const dir = join(tmpdir(), `tare-${name}-${randomUUID().slice(0, 13)}`);
  await mkdir(dir, { mode: 0o700 });
  return dir;
}

/** A new folder outside the repository, removed when the running test ends. */
export async function temporaryDir(name: string): Promise<string> {
  const dir = await makeTemporaryDir(name);
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
/** `src/engine/run.ts` compiled by itself, for tests that run an image in a process of its own. */
export const engineModule = join(benchDir, 'engine-run.js');
