import { open, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isInside } from './links.ts';

const absent = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG']);

/**
 * Text of a file of the folder, without a byte order mark. Undefined where there is no such file or where it leads outside.
 * Throws `FILE_TOO_LARGE`, `FILE_NOT_UTF8`, `FILE_UNREADABLE`.
 */
export async function readProjectText(root: string, path: string): Promise<string | undefined> {
  if (path === '' || path.includes('\0') || path.split('/').includes('..')) return undefined;
  const limit = /(?:\.lock|^pylock[^/]*\.toml)$/.test(path) ? limits.lockFile : limits.projectFile;
  const bytes = await readBounded(root, path, limit);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new TareError({
      code: 'FILE_NOT_UTF8',
      message: `\`${path}\` is not UTF-8 text`,
      where: path,
      hint: `save ${path} as UTF-8`,
      cause: error,
    });
  }
}

async function readBounded(root: string, path: string, limit: number): Promise<Uint8Array | undefined> {
  try {
    const real = await realpath(join(root, path));
    if (!isInside(root, real)) return undefined;
    // Opening a pipe would wait for a writer: look first.
    if (!(await stat(real)).isFile()) return undefined;
    const handle = await open(real, 'r');
    try {
      const facts = await handle.stat();
      if (facts.size > limit) throw tooLarge(path, facts.size, limit);
      const buffer = new Uint8Array(facts.size);
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return buffer.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (error instanceof TareError || code === undefined) throw error;
    if (absent.has(code)) return undefined;
    throw new TareError({
      code: 'FILE_UNREADABLE',
      message: `cannot read \`${path}\` (${code})`,
      where: path,
      hint: `make ${path} readable`,
      cause: error,
    });
  }
}

function tooLarge(path: string, size: number, limit: number): TareError {
  return new TareError({
    code: 'FILE_TOO_LARGE',
    message: `\`${path}\` is too large to be read`,
    where: path,
    expected: `at most ${limit} bytes`,
    actual: `${size} bytes`,
    hint: 'look whether this is the right file',
  });
}
