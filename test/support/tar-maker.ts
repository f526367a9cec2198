/** One entry of a tar archive that a test makes: well-formed or not. */
export interface TarMember {
  /** As it will stand in the header: `./usr/bin/x`. */
  readonly name: string;
  /** POSIX type flag: `0` file, `1` hard link, `2` symbolic link, `3` character device, `5` folder. */
  readonly flag?: string;
  readonly bytes?: Uint8Array | string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly target?: string;
}

/** An uncompressed tar archive (POSIX.1-1988 ustar), with its two zero blocks. */
export function makeTar(members: readonly TarMember[]): Buffer {
  const parts = members.flatMap((member) => {
    const bytes = Buffer.from(member.bytes ?? '');
    return [header(member, bytes.length), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function header(member: TarMember, size: number): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(member.name, 0, 100, 'utf8');
  octal(member.mode ?? (member.flag === '5' ? 0o755 : 0o644), 100, 8);
  octal(member.uid ?? 0, 108, 8);
  octal(member.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(member.mtime ?? 1_700_000_000, 136, 12);
  block.fill(0x20, 148, 156);
  block.write(member.flag ?? '0', 156, 'latin1');
  block.write(member.target ?? '', 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  block.write('root', 265, 'latin1');
  block.write('root', 297, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
