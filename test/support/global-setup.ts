import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './command.ts';
import { rootDir, sharedCacheDir } from './paths.ts';

/** Compiles the command once, before the end-to-end tests. */
export async function setup(): Promise<void> {
  await mkdir(sharedCacheDir, { recursive: true });
  await mustRun(process.execPath, [join(rootDir, 'scripts', 'build.mjs')], { cwd: rootDir });
}
