import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type ElfSpec, makeElf } from './elf-maker.ts';
import { makeTar, type TarMember } from './tar-maker.ts';

/** A Python archive in the shape of python-build-standalone, with an interpreter that has headers and no code. */
export interface ArchiveSpec {
  /** `3.12`, `3.13t`. */
  readonly python?: string;
  readonly fullVersion?: string;
  readonly elf?: ElfSpec;
  /** Besides what every archive has. */
  readonly members?: readonly TarMember[];
  /** Paths below `python/` that are not to be there. */
  readonly without?: readonly string[];
}

export const glibcProgram: ElfSpec = {
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libpthread.so.0', 'libdl.so.2', 'libutil.so.1', 'libm.so.6', 'libc.so.6'],
  runpath: '$ORIGIN/../lib',
};

export function makePythonArchive(spec: ArchiveSpec = {}): Buffer {
  const { python = '3.12', fullVersion = `${python.replace('t', '')}.7`, elf = glibcProgram } = spec;
  const members: readonly TarMember[] = [
    { name: `python/bin/python${python}`, bytes: makeElf(elf), mode: 0o775, uid: 1000, gid: 1000 },
    { name: 'python/bin/python3', flag: '2', target: `python${python}` },
    { name: 'python/bin/pip3', bytes: '#!/bin/sh\n', mode: 0o755 },
    {
      name: `python/include/python${python}/patchlevel.h`,
      bytes: `#define PY_VERSION              "${fullVersion}"\n`,
    },
    { name: `python/lib/python${python}/os.py`, bytes: 'name = "posix"\n' },
    { name: `python/lib/python${python}/test/test_os.py`, bytes: 'assert False\n' },
    { name: `python/lib/libpython${python}.so.1.0`, bytes: makeElf({ soname: `libpython${python}.so.1.0` }) },
  ];
  const left = members.filter(({ name }) => !(spec.without ?? []).some((path) => name === `python/${path}`));
  return gzipSync(makeTar([...left, ...(spec.members ?? [])]));
}

/** A zstd frame of blocks that are stored as they are (RFC 8878, 3.1.1.2). */
export function storeAsZstd(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 100_000) {
    const part = bytes.subarray(at, at + 100_000);
    const head = Buffer.alloc(3);
    head.writeUIntLE(part.length * 8 + (at + part.length === bytes.length ? 1 : 0), 0, 3);
    blocks.push(head, part);
  }
  // A window of 128 KiB.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]), ...blocks]);
}

/** Writes an archive with a plausible name; gives its path and hash. */
export async function writePythonArchive(
  dir: string,
  spec: ArchiveSpec = {},
  filename = 'cpython-3.12.7+20241016-x86_64-unknown-linux-gnu-install_only.tar.gz',
): Promise<{ readonly file: string; readonly filename: string; readonly sha256: string }> {
  const bytes = makePythonArchive(spec);
  await writeFile(join(dir, filename), bytes);
  return { file: join(dir, filename), filename, sha256: createHash('sha256').update(bytes).digest('hex') };
}
