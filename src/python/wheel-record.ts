import { createHash } from 'node:crypto';
import { streamZipMember, type ZipEntry } from '../archive/zip.ts';
import { type Digest, digestFromHex } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { type RecordHash, type RecordRow, recordInvalid } from './record.ts';

/** Something a wheel has that it should not have, and that pip lets pass. */
export interface WheelWarning {
  readonly code: 'RECORD_ROW_MISSING' | 'RECORD_HASH_MISSING' | 'RECORD_FILE_MISSING' | 'WHEEL_VERSION_NEWER';
  readonly message: string;
}

export interface CheckedRecord {
  /** The SHA-256 that each member must have, by its name: RECORD's own, else what was computed here. */
  readonly hashes: ReadonlyMap<string, Digest>;
  readonly warnings: readonly WheelWarning[];
}

/** Members that RECORD cannot hold a hash of (binary distribution format, "Signed wheel files"). */
export function isRecordItself(member: string, distInfo: string): boolean {
  return member === `${distInfo}/RECORD` || isRecordSignature(member, distInfo);
}

export function isRecordSignature(member: string, distInfo: string): boolean {
  return member === `${distInfo}/RECORD.jws` || member === `${distInfo}/RECORD.p7s`;
}

/**
 * Holds RECORD against the members of the wheel. Contradictions are refused; missing rows, rows without a hash and rows of
 * files that are not there are warnings, since pip installs such wheels. What RECORD leaves open is hashed here.
 */
export async function checkRecord(
  rows: readonly RecordRow[],
  files: readonly ZipEntry[],
  wheel: { readonly filename: string; readonly distInfo: string },
): Promise<CheckedRecord> {
  const where = `${wheel.filename}: ${wheel.distInfo}/RECORD`;
  const byPath = rowsByPath(rows, where);
  const hashes = new Map<string, Digest>();
  const unlisted: string[] = [];
  const unhashed: string[] = [];
  for (const file of files) {
    const row = byPath.get(file.name);
    byPath.delete(file.name);
    const isItself = isRecordItself(file.name, wheel.distInfo);
    if (row === undefined && !isItself) unlisted.push(file.name);
    if (row !== undefined && row.hash === undefined && !isItself) unhashed.push(file.name);
    if (row?.size !== undefined && row.size !== file.slice.size && !isItself) {
      throw recordInvalid(
        `it gives another size for \`${file.name}\``,
        where,
        `${row.size} bytes`,
        `${file.slice.size} bytes`,
      );
    }
    hashes.set(file.name, await hashOf(file, isItself ? undefined : row?.hash, where));
  }
  return {
    hashes,
    warnings: [
      ...warning('RECORD_ROW_MISSING', unlisted, 'is not listed in RECORD, so nothing says what it should hold'),
      ...warning('RECORD_HASH_MISSING', unhashed, 'has no hash in RECORD, so nothing says what it should hold'),
      ...warning('RECORD_FILE_MISSING', [...byPath.keys()], 'is listed in RECORD but is not in the wheel'),
    ],
  };
}

function rowsByPath(rows: readonly RecordRow[], where: string): Map<string, RecordRow> {
  const byPath = new Map<string, RecordRow>();
  for (const row of rows) {
    const other = byPath.get(row.path);
    if (other !== undefined && (other.hash?.hex !== row.hash?.hex || other.size !== row.size)) {
      throw recordInvalid(`it lists \`${row.path}\` twice, differently`, where);
    }
    byPath.set(row.path, row);
  }
  return byPath;
}

async function hashOf(file: ZipEntry, recorded: RecordHash | undefined, where: string): Promise<Digest> {
  if (recorded?.algorithm === 'sha256') return digestFromHex(recorded.hex, where);
  const sha256 = createHash('sha256');
  const other = recorded === undefined ? undefined : createHash(recorded.algorithm);
  for await (const chunk of streamZipMember(file.slice, file.name)) {
    sha256.update(chunk);
    other?.update(chunk);
  }
  const found = other?.digest('hex');
  if (recorded !== undefined && found !== recorded.hex) {
    throw hashMismatch(file.name, where, `${recorded.algorithm}:${recorded.hex}`, `${recorded.algorithm}:${found}`);
  }
  return digestFromHex(sha256.digest('hex'), where);
}

/** A member that does not hold what RECORD says. */
export function hashMismatch(member: string, where: string, expected: string, actual: string): TareError {
  return new TareError({
    code: 'RECORD_HASH_MISMATCH',
    message: `\`${member}\` does not have the content that RECORD says`,
    where,
    expected,
    actual,
    hint: 'the wheel was changed after it was built: use another version, or build it again',
  });
}

function warning(code: WheelWarning['code'], names: readonly string[], what: string): WheelWarning[] {
  const [first, ...rest] = names;
  if (first === undefined) return [];
  const others = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return [{ code, message: `\`${first}\`${others} ${what}` }];
}
