import {
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  copyFileSync,
  lstatSync,
  chmodSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';

/**
 * A copy of a folder that shares its files with it (link(2)), for somebody who changes none of them. `to` is an empty folder, or not
 * there yet. What is neither file, link nor folder is left out.
 */
export function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isFile()) linkFile(source, target);
  }
  // When it is filled: a folder may forbid to be written.
  chmodSync(to, lstatSync(from).mode & 0o7777);
}

function linkFile(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemErrorCode(error) ?? '')) throw error;
    copyFileSync(source, target);
  }
}
