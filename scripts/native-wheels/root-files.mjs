import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** The files below a folder as tare knows them, ELF files read with its own reader; `problems`: those that it cannot read. */
export function readRoot({ elf }, root) {
  const files = [];
  const problems = [];
  const walk = (folder) => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const status = lstatSync(join(root, path));
      const { mode, uid, gid, size } = status;
      const common = { path, mode: mode & 0o7777, uid, gid };
      if (status.isDirectory()) {
        files.push({ ...common, type: 'directory', size: 0 });
        walk(path);
      } else if (status.isSymbolicLink()) {
        files.push({ ...common, type: 'symlink', size: 0, linkTarget: readlinkSync(join(root, path)) });
      } else if (status.isFile()) {
        const file = { ...common, type: 'file', size };
        try {
          const facts = readFacts(elf, join(root, path), path, size);
          files.push(facts === undefined ? file : { ...file, elf: facts });
        } catch (error) {
          problems.push({ path, error });
          files.push(file);
        }
      }
    }
  };
  walk('');
  return { files, problems };
}

function readFacts(elf, file, path, size) {
  const descriptor = openSync(file, 'r');
  const read = ({ offset, length }) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
  };
  try {
    return elf.isElf(read({ offset: 0, length: 4 })) ? elf.readElf(size, path, read) : undefined;
  } finally {
    closeSync(descriptor);
  }
}
