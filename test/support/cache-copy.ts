import { existsSync } from 'node:fs';
import { cp, link, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedCacheDir } from './paths.ts';

/**
 * A copy of the shared cache with everything that was downloaded and nothing that was computed from it: layers have to
 * be made anew. Blobs are hard links unless `own` asks for files of their own. What no test has downloaded yet, as `tools`
 * where uv is on PATH, is not there to copy.
 */
export async function copyDownloads(destination: string, own = false): Promise<string> {
  for (const part of ['debian', 'tools']) {
    if (existsSync(join(sharedCacheDir, part))) await copyTree(join(sharedCacheDir, part), join(destination, part));
  }
  const version = 'v1';
  const [from, to] = [join(sharedCacheDir, version), join(destination, version)];
  await copyFolder(join(from, 'blobs', 'sha256'), join(to, 'blobs', 'sha256'), own);
  const records = join(from, 'records');
  for (const kind of existsSync(records) ? await readdir(records) : []) {
    if (!/layer|bytecode|compiler/.test(kind)) await copyTree(join(records, kind), join(to, 'records', kind));
  }
  return destination;
}

/** Other tests write to the cache meanwhile: what was a temporary name has gone a moment later. */
async function copyTree(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await cp(from, to, { recursive: true, filter: isDownload });
      return;
    } catch (error) {
      if (attempt === 20 || !(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
}

async function copyFolder(from: string, to: string, own: boolean): Promise<void> {
  await mkdir(to, { recursive: true });
  if (!existsSync(from)) return;
  for (const name of await readdir(from)) {
    if (own) await cp(join(from, name), join(to, name));
    else await link(join(from, name), join(to, name)).catch(() => cp(join(from, name), join(to, name)));
  }
}

/** Not so the bases that are unpacked to start their Python. */
function isDownload(path: string): boolean {
  return !/\/tools\/python-/.test(path);
}
