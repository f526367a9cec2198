import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { mustRun } from './command.ts';
import { engineModule, rootDir, sharedCacheDir } from './paths.ts';

/** Compiles the command once, before the end-to-end tests, and the engines as a module of their own. */
export async function setup(): Promise<void> {
  await mkdir(sharedCacheDir, { recursive: true });
  await mustRun(process.execPath, [join(rootDir, 'scripts', 'build.mjs')], { cwd: rootDir });
  const bundle = await rolldown({
    input: join(rootDir, 'src', 'engine', 'run.ts'),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith(rootDir),
  });
  await bundle.write({ file: engineModule, format: 'esm', codeSplitting: false });
}
