import { TareError } from '../base/errors.ts';

/** A version of the version specifiers specification (PEP 440). Numbers may exceed 2^53. */
export interface Version {
  readonly epoch: bigint;
  readonly release: readonly bigint[];
  readonly pre?: { readonly kind: 'a' | 'b' | 'rc'; readonly number: bigint };
  readonly post?: bigint;
  readonly dev?: bigint;
  /** Lower case; numeric segments as numbers. */
  readonly local?: readonly (string | bigint)[];
}

/** Longer than any real version, short enough that numbers stay cheap. */
const longestVersion = 1000;

const versionPattern = new RegExp(
  [
    '^[ \\t\\n\\r\\f\\v]*v?(?:(?<epoch>[0-9]+)!)?(?<release>[0-9]+(?:\\.[0-9]+)*)',
    '(?:[-_.]?(?<preKind>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>[0-9]+)?)?',
    '(?<post>-(?<postNumber>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?<postNumber2>[0-9]+)?)?',
    '(?<dev>[-_.]?dev[-_.]?(?<devNumber>[0-9]+)?)?',
    '(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?[ \\t\\n\\r\\f\\v]*$',
  ].join(''),
  'i',
);

const preKinds: Readonly<Record<string, 'a' | 'b' | 'rc'>> = {
  a: 'a',
  alpha: 'a',
  b: 'b',
  beta: 'b',
  c: 'rc',
  rc: 'rc',
  pre: 'rc',
  preview: 'rc',
};

/** Parses any spelling that the specification allows; undefined where `text` is none. */
export function versionOrUndefined(text: string): Version | undefined {
  const groups = text.length > longestVersion ? undefined : versionPattern.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const kind = groups['preKind'] === undefined ? undefined : preKinds[groups['preKind'].toLowerCase()];
  return {
    epoch: BigInt(groups['epoch'] ?? 0),
    release: (groups['release'] ?? '0').split('.').map(BigInt),
    ...(kind === undefined ? {} : { pre: { kind, number: BigInt(groups['preNumber'] ?? 0) } }),
    ...(groups['post'] === undefined ? {} : { post: BigInt(groups['postNumber'] ?? groups['postNumber2'] ?? 0) }),
    ...(groups['dev'] === undefined ? {} : { dev: BigInt(groups['devNumber'] ?? 0) }),
    ...(groups['local'] === undefined ? {} : { local: parseLocal(groups['local']) }),
  };
}

function parseLocal(text: string): readonly (string | bigint)[] {
  return text.split(/[-_.]/).map((part) => (/^[0-9]+$/.test(part) ? BigInt(part) : part.toLowerCase()));
}

/** Parses any spelling that the specification allows. Throws `VERSION_INVALID`. */
export function parseVersion(text: string, where?: string): Version {
  const version = versionOrUndefined(text);
  if (version !== undefined) return version;
  throw new TareError({
    code: 'VERSION_INVALID',
    message: `\`${text.slice(0, 100)}\` is not a version`,
    expected: 'a version such as `1.2.3`, `2.0rc1` or `1.0+cpu`',
    hint: 'correct the version, or regenerate the file that holds it',
    ...(where === undefined ? {} : { where }),
  });
}

/** Negative, zero or positive ("Summary of permitted suffixes and relative ordering"). */
export function compareVersions(left: Version, right: Version): number {
  return (
    compareNumbers(left.epoch, right.epoch) ||
    compareReleases(left.release, right.release) ||
    compareNumbers(preRank(left), preRank(right)) ||
    compareNumbers(left.pre?.number ?? 0n, right.pre?.number ?? 0n) ||
    compareNumbers(left.post ?? -1n, right.post ?? -1n) ||
    compareDev(left.dev, right.dev) ||
    compareLocals(left.local, right.local)
  );
}

function compareNumbers(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareReleases(left: readonly bigint[], right: readonly bigint[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = compareNumbers(left[index] ?? 0n, right[index] ?? 0n);
    if (order !== 0) return order;
  }
  return 0;
}

/** A development release of no pre- and no post-release sorts before every pre-release; a final one after all. */
function preRank(version: Version): bigint {
  if (version.pre !== undefined) return version.pre.kind === 'a' ? 1n : version.pre.kind === 'b' ? 2n : 3n;
  return version.post === undefined && version.dev !== undefined ? 0n : 4n;
}

function compareDev(left: bigint | undefined, right: bigint | undefined): number {
  if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? 1 : -1;
  return compareNumbers(left, right);
}

function compareLocals(left: Version['local'], right: Version['local']): number {
  if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1;
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const one = left[index] ?? '';
    const other = right[index] ?? '';
    if (typeof one !== typeof other) return typeof one === 'string' ? -1 : 1;
    if (one !== other) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

/** The normal form ("Normalization"). */
export function renderVersion(version: Version): string {
  return [
    version.epoch === 0n ? '' : `${version.epoch}!`,
    version.release.join('.'),
    version.pre === undefined ? '' : `${version.pre.kind}${version.pre.number}`,
    version.post === undefined ? '' : `.post${version.post}`,
    version.dev === undefined ? '' : `.dev${version.dev}`,
    version.local === undefined ? '' : `+${version.local.join('.')}`,
  ].join('');
}

/** True for pre-releases and development releases. */
export function isPrerelease(version: Version): boolean {
  return version.pre !== undefined || version.dev !== undefined;
}

/** The version without its local label. */
export function publicVersion(version: Version): Version {
  const { local: _local, ...rest } = version;
  return rest;
}

/** Whether two spellings name the same version; texts that are no versions are compared as they are. */
export function isSameVersion(left: string, right: string): boolean {
  const one = versionOrUndefined(left);
  const other = versionOrUndefined(right);
  return one === undefined || other === undefined ? left === right : compareVersions(one, other) === 0;
}
