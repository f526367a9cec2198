import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isTareError, systemErrorCode, TareError } from '../../base/errors.ts';
import { isElf, readElf } from '../../elf/elf.ts';
import type { FileGroup } from '../../plan/types.ts';
import type { Project, ProjectFile } from '../../project/project.ts';
import type { FileFacts } from '../../root/file-facts.ts';

/** The ELF files among the application's own, at their places in the image. Only their tables are read. */
export function readProjectNatives(project: Project, groups: readonly FileGroup[]): readonly FileFacts[] {
  const byPath = new Map(project.files.map((file) => [file.path, file]));
  return groups.flatMap((group) =>
    group.paths.flatMap((path): FileFacts[] => {
      const file = byPath.get(path);
      if (file === undefined || !isCandidate(file)) return [];
      const inner = group.strip === '' ? path : path.slice(group.strip.length + 1);
      return readNative(join(project.root, path), `${group.destination.slice(1)}/${inner}`, file);
    }),
  );
}

function isCandidate({ type, path, mode, size }: ProjectFile): boolean {
  return type === 'file' && size >= 52 && ((mode & 0o111) !== 0 || /\.so(?:\.|$)/.test(path));
}

function readNative(file: string, path: string, { mode, size }: ProjectFile): FileFacts[] {
  const descriptor = open(file);
  try {
    const read = (offset: number, length: number): Uint8Array => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
    };
    if (!isElf(read(0, 4))) return [];
    const facts = { path, type: 'file', mode, uid: 0, gid: 0, size } as const;
    try {
      return [{ ...facts, elf: readElf(size, path, ({ offset, length }) => read(offset, length)) }];
    } catch (error) {
      if (!isTareError(error)) throw error;
      return [{ ...facts, elfProblem: error.message }];
    }
  } finally {
    closeSync(descriptor);
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw new TareError({
      code: 'FILE_UNREADABLE',
      message: `\`${file}\` cannot be read: ${systemErrorCode(error) ?? 'unknown'}`,
      hint: 'check that the file is there and readable, and build again',
      cause: error,
    });
  }
}
