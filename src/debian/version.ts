import { TareError } from '../base/errors.ts';

declare const versionBrand: unique symbol;

/** `[epoch:]upstream[-revision]` (Debian Policy 5.6.12). */
export type DebianVersion = string & { readonly [versionBrand]: true };

const epochPattern = /^\d{1,10}$/;
const upstreamPattern = /^\d[A-Za-z0-9.+~:-]{0,1000}$/;
const revisionPattern = /^[A-Za-z0-9.+~]{1,1000}$/;

export function parseDebianVersion(text: string, where?: string): DebianVersion {
  const { epoch, upstream, revision } = splitVersion(text);
  const isRight =
    (epoch === undefined || epochPattern.test(epoch)) &&
    upstreamPattern.test(upstream) &&
    (revision === undefined || revisionPattern.test(revision));
  if (!isRight) {
    throw new TareError({
      code: 'DEBIAN_VERSION_INVALID',
      message: `\`${text.slice(0, 100)}\` is not a Debian version`,
      expected: '`[epoch:]upstream[-revision]`, upstream beginning with a digit',
      ...(where === undefined ? {} : { where }),
    });
  }
  return text as DebianVersion;
}

interface VersionParts {
  readonly epoch: string | undefined;
  readonly upstream: string;
  readonly revision: string | undefined;
}

function splitVersion(text: string): VersionParts {
  const colon = text.indexOf(':');
  const dash = text.lastIndexOf('-');
  return {
    epoch: colon < 0 ? undefined : text.slice(0, colon),
    upstream: text.slice(colon + 1, dash > colon ? dash : undefined),
    revision: dash > colon ? text.slice(dash + 1) : undefined,
  };
}

/** The version without epoch and revision: `2.41` of `2.41-12+deb13u1`. */
export function upstreamVersion(version: DebianVersion): string {
  return splitVersion(version).upstream;
}

/** Negative, zero or positive, in the order of dpkg (Debian Policy 5.6.12, deb-version(7)). */
export function compareDebianVersions(left: DebianVersion, right: DebianVersion): number {
  if (left === right) return 0;
  const a = splitVersion(left);
  const b = splitVersion(right);
  return (
    compareNumbers(a.epoch ?? '', b.epoch ?? '') ||
    compareFragments(a.upstream, b.upstream) ||
    compareFragments(a.revision ?? '', b.revision ?? '')
  );
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Letters before everything else, `~` before the end (deb-version(7), "Sorting algorithm"). */
function weight(code: number): number {
  if (Number.isNaN(code) || isDigit(code)) return 0;
  if (code === 0x7e) return -1;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter ? code : code + 256;
}

function compareFragments(left: string, right: string): number {
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    while ((i < left.length && !isDigit(left.charCodeAt(i))) || (j < right.length && !isDigit(right.charCodeAt(j)))) {
      const order = weight(left.charCodeAt(i)) - weight(right.charCodeAt(j));
      if (order !== 0) return order;
      i += 1;
      j += 1;
    }
    const a = digitsAt(left, i);
    const b = digitsAt(right, j);
    const order = compareNumbers(a, b);
    if (order !== 0) return order;
    i += a.length;
    j += b.length;
  }
  return 0;
}

function digitsAt(text: string, from: number): string {
  let end = from;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return text.slice(from, end);
}

/** Decimal digits of any length, the empty text being zero. */
function compareNumbers(left: string, right: string): number {
  const a = left.replace(/^0+/, '');
  const b = right.replace(/^0+/, '');
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
