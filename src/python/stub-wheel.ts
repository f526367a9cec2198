import { crc32 } from 'node:zlib';

/** A wheel that says its name and version and holds nothing: what a resolver is shown of a source before it is built. */
export interface StubWheel {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

/** Renders one; `name` and `version` as in the file name of a wheel. `requiresPython` as an index has it. */
export function renderStubWheel(name: string, version: string, requiresPython?: string): StubWheel {
  const stem = `${name.replaceAll(/[-_.]+/g, '_').toLowerCase()}-${version}`;
  const folder = `${stem}.dist-info`;
  const python = requiresPython === undefined ? '' : `Requires-Python: ${requiresPython.replaceAll(/[\r\n]/g, ' ')}\n`;
  const files = [
    [`${folder}/METADATA`, `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${python}`],
    [`${folder}/WHEEL`, 'Wheel-Version: 1.0\nGenerator: tare\nRoot-Is-Purelib: true\nTag: py3-none-any\n'],
    [`${folder}/RECORD`, `${folder}/METADATA,,\n${folder}/WHEEL,,\n${folder}/RECORD,,\n`],
  ] as const;
  return { filename: `${stem}-py3-none-any.whl`, bytes: storedZip(files) };
}

/** A zip archive whose members are stored (APPNOTE.TXT 4.3). */
function storedZip(files: readonly (readonly [name: string, text: string])[]): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of files) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    // 1980-01-01.
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    locals.push(Buffer.from('PK\x03\x04', 'latin1'), common, path, data);
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, path);
    offset += 4 + common.length + path.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
