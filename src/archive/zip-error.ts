import { TareError } from '../base/errors.ts';

/** Every way in which a zip archive is refused, one code each. */
export type ZipErrorCode =
  | 'ZIP_UNREADABLE'
  | 'ZIP_INVALID'
  | 'ZIP_TRUNCATED'
  | 'ZIP_SUFFIX_DATA'
  | 'ZIP_PREFIX_DATA'
  | 'ZIP_HIDDEN_DATA'
  | 'ZIP_AMBIGUOUS'
  | 'ZIP_SPLIT'
  | 'ZIP_ZIP64_INVALID'
  | 'ZIP_DIRECTORY_INVALID'
  | 'ZIP_HEADER_MISMATCH'
  | 'ZIP_DESCRIPTOR_INVALID'
  | 'ZIP_ENCRYPTED'
  | 'ZIP_METHOD_UNKNOWN'
  | 'ZIP_OVERLAP'
  | 'ZIP_DUPLICATE_NAME'
  | 'ZIP_NAME_CLASH'
  | 'ZIP_NAME_UNSAFE'
  | 'ZIP_NAME_ENCODING'
  | 'ZIP_SYMLINK'
  | 'ZIP_SPECIAL_FILE'
  | 'ZIP_SIZE_LIE'
  | 'ZIP_TOO_MANY_ENTRIES'
  | 'ZIP_TOO_LARGE'
  | 'ZIP_MEMBER_TOO_LARGE'
  | 'ZIP_CRC_MISMATCH'
  | 'ZIP_SIZE_MISMATCH'
  | 'ZIP_DATA_INVALID'
  | 'ZIP_TRAILING_DATA';

export interface ZipErrorDetails {
  readonly member?: string;
  readonly expected?: string | number;
  readonly actual?: string | number;
  readonly hint?: string;
  readonly cause?: unknown;
}

const damaged = 'fetch the archive again; if it stays the same, whoever made it has to make it anew';

/** A refusal that names the archive and, where one is to blame, the member. */
export function zipError(
  archive: string,
  code: ZipErrorCode,
  message: string,
  details: ZipErrorDetails = {},
): TareError {
  const { member, expected, actual, hint = damaged, cause } = details;
  return new TareError({
    code,
    message: member === undefined ? `zip archive: ${message}` : `zip member \`${printable(member)}\`: ${message}`,
    where: member === undefined ? archive : `${archive}: ${printable(member)}`,
    hint,
    ...(expected === undefined ? {} : { expected: String(expected) }),
    ...(actual === undefined ? {} : { actual: String(actual) }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A foreign name without anything that could steer a terminal, cut to a readable length. */
function printable(name: string): string {
  const clean = name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
  return clean.length > 300 ? `${clean.slice(0, 300)}…` : clean;
}
