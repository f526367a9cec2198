import { zipError } from './zip-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The upper half of IBM code page 437, the encoding of names without the UTF-8 flag (APPNOTE.TXT, appendix D.1). */
const cp437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** The longest name of one file on Linux, in bytes. */
const longestSegment = 255;

/** The text of a member's name: UTF-8 where flagged (general purpose bit 11), else ASCII or code page 437. */
export function decodeZipName(bytes: Buffer, flaggedUtf8: boolean, archive: string): string {
  const text = bytes.toString('latin1');
  if (!/[\x80-\xff]/.test(text)) return text;
  if (!flaggedUtf8) {
    return text.replace(/[\x80-\xff]/g, (one) => cp437.charAt(one.charCodeAt(0) - 0x80));
  }
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw zipError(archive, 'ZIP_NAME_ENCODING', 'the name is flagged as UTF-8 but is not valid UTF-8', {
      member: text,
      cause,
    });
  }
}

/** Refuses names that could leave the folder they are unpacked into, or that mean different things to different readers. */
export function assertSafeZipName(name: string, archive: string): void {
  const fault = nameFault(name);
  if (fault !== undefined) {
    throw zipError(archive, 'ZIP_NAME_UNSAFE', `the name ${fault}`, {
      member: name,
      expected: 'a relative path with `/` between plain names',
      hint: 'do not install this archive: no honest tool writes such a name',
    });
  }
}

/** What nearly every name looks like; the length keeps each part below its bound. */
const plainName = /^[\w+-][\w.+-]*(?:\/[\w+-][\w.+-]*)*\/?$/;

function nameFault(name: string): string | undefined {
  if (name.length <= longestSegment && plainName.test(name)) return undefined;
  if (name === '' || name === '/') return 'is empty';
  if (name.includes('\0')) return 'holds a NUL';
  if (/\p{Cc}/u.test(name)) return 'holds a control character';
  if (name.includes('\\')) return 'holds a backslash';
  if (name.startsWith('/')) return 'is absolute';
  if (/^[A-Za-z]:/.test(name)) return 'begins with a drive letter';
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  for (const segment of path.split('/')) {
    if (segment === '') return 'holds an empty part';
    if (segment === '.' || segment === '..') return `holds \`${segment}\``;
    if (segment.length > longestSegment / 3 && Buffer.byteLength(segment) > longestSegment) {
      return `has a part of more than ${longestSegment} bytes`;
    }
  }
  return undefined;
}

/** Refuses a name that occurs twice, and a file where another member needs a folder. */
export function assertDistinctNames(names: readonly string[], archive: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw zipError(archive, 'ZIP_DUPLICATE_NAME', 'the name occurs twice', { member: name });
    seen.add(name);
  }
  const checked = new Set<string>();
  for (const name of names) {
    let end = name.lastIndexOf('/');
    while (end > 0) {
      const parent = name.slice(0, end);
      if (checked.has(parent)) break;
      checked.add(parent);
      if (seen.has(parent)) {
        throw zipError(archive, 'ZIP_NAME_CLASH', 'it is a file, and another member is inside it', { member: parent });
      }
      end = parent.lastIndexOf('/');
    }
  }
}
