import { TareError } from '../base/errors.ts';
import { compareText } from '../base/order.ts';
import { parseCsv, renderCsvRow } from './csv.ts';

export interface RecordHash {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  /** Lower-case hexadecimal digits. */
  readonly hex: string;
}

/** One line of RECORD (recording installed projects, "The RECORD file"). */
export interface RecordRow {
  /** As written: relative to the folder that holds the `.dist-info`, or absolute. */
  readonly path: string;
  readonly hash?: RecordHash;
  /** In bytes. */
  readonly size?: number;
}

const digestLength = { sha256: 32, sha384: 48, sha512: 64 } as const;

/** More rows than any real distribution has. */
const mostRows = 2_000_000;

/** Parses RECORD; empty lines are passed over. Throws `RECORD_INVALID` with the number of the row. */
export function parseRecord(text: string, where: string): readonly RecordRow[] {
  const table = parseCsv(text, mostRows);
  if (typeof table === 'string') throw recordInvalid(table, where);
  return table
    .filter((fields) => fields.length > 1 || fields[0] !== '')
    .map((fields, index) => parseRow(fields, `${where}: row ${index + 1}`));
}

function parseRow(fields: readonly string[], where: string): RecordRow {
  const [path = '', hashText = '', sizeText = ''] = fields;
  if (fields.length > 3) throw recordInvalid(`it has ${fields.length} fields`, where, 'path, hash and size');
  if (path === '') throw recordInvalid('its path is empty', where);
  if (path.includes('\0')) throw recordInvalid('its path holds a NUL', where);
  if (sizeText !== '' && !/^[0-9]{1,15}$/.test(sizeText)) {
    throw recordInvalid(`its size \`${sizeText.slice(0, 40)}\` is no number of bytes`, where);
  }
  return {
    path,
    ...(hashText === '' ? {} : { hash: parseHash(hashText, where) }),
    ...(sizeText === '' ? {} : { size: Number(sizeText) }),
  };
}

function parseHash(text: string, where: string): RecordHash {
  const equals = text.indexOf('=');
  const algorithm = equals < 0 ? '' : text.slice(0, equals).toLowerCase();
  if (algorithm !== 'sha256' && algorithm !== 'sha384' && algorithm !== 'sha512') {
    const named = equals < 0 ? text.slice(0, 40) : algorithm.slice(0, 40);
    throw recordInvalid(`its hash \`${named}\` is of a kind that is not accepted`, where, 'sha256, sha384 or sha512');
  }
  const value = text.slice(equals + 1).replace(/=+$/, '');
  const bytes = /^[A-Za-z0-9_-]+$/.test(value) ? Buffer.from(value, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== digestLength[algorithm]) {
    throw recordInvalid(`its ${algorithm} hash is malformed`, where, 'URL-safe base64 without padding');
  }
  return { algorithm, hex: bytes.toString('hex') };
}

/** The text of RECORD as pip writes it: rows sorted by path, lines ended by carriage return and line feed. */
export function renderRecord(rows: readonly RecordRow[]): string {
  const sorted = [...rows].sort((left, right) => compareText(left.path, right.path));
  return sorted
    .map(({ path, hash, size }) => {
      const digest =
        hash === undefined ? '' : `${hash.algorithm}=${Buffer.from(hash.hex, 'hex').toString('base64url')}`;
      return renderCsvRow([path, digest, size === undefined ? '' : String(size)]);
    })
    .join('');
}

/** A refusal of RECORD. */
export function recordInvalid(message: string, where: string, expected?: string, actual?: string): TareError {
  return new TareError({
    code: 'RECORD_INVALID',
    message: `RECORD cannot be trusted: ${message}`,
    where,
    hint: 'the wheel was changed after it was built, or built by a faulty tool: use another version, or build it again',
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
  });
}
