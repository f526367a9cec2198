import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import {
  compareVersions,
  isPrerelease,
  publicVersion,
  renderVersion,
  type Version,
  versionOrUndefined,
} from './version.ts';

export type SpecifierOperator = '~=' | '==' | '!=' | '<=' | '>=' | '<' | '>' | '===';

/** One clause of a version specifier. */
export interface Specifier {
  readonly operator: SpecifierOperator;
  /** As written, `.*` included. */
  readonly version: string;
  /** Absent for `===` with a text that is no version. */
  readonly parsed?: Version;
  /** True for `==1.2.*` and `!=1.2.*`. */
  readonly prefix: boolean;
}

/** All clauses must hold; an empty set allows everything. */
export type SpecifierSet = readonly Specifier[];

const specifierPattern = /^(===|~=|==|!=|<=|>=|<|>)[ \t\n\r\f\v]*(.*)$/s;

/** Parses a comma-separated list of clauses (version specifiers specification). Throws `SPECIFIER_INVALID`. */
export function parseSpecifierSet(text: string, where?: string): SpecifierSet {
  const clauses: Specifier[] = [];
  for (const part of text.split(',')) {
    const clause = part.trim();
    if (clause === '') continue;
    const specifier = specifierOrUndefined(clause);
    if (specifier === undefined) {
      throw new TareError({
        code: 'SPECIFIER_INVALID',
        message: `\`${clause.slice(0, 100)}\` is not a version specifier`,
        expected: 'an operator and a version such as `>=1.2`, `~=2.0` or `==1.4.*`',
        hint: 'correct the specifier',
        ...(where === undefined ? {} : { where }),
      });
    }
    clauses.push(specifier);
  }
  return clauses;
}

/** One clause, or undefined where the text is none. */
export function specifierOrUndefined(text: string): Specifier | undefined {
  const match = specifierPattern.exec(text.trim());
  if (match === null) return undefined;
  const operator = match[1] as SpecifierOperator;
  const version = (match[2] ?? '').trim();
  if (operator === '===') {
    if (/[\s;,)]/.test(version)) return undefined;
    const arbitrary = versionOrUndefined(version);
    return { operator, version, prefix: false, ...(arbitrary === undefined ? {} : { parsed: arbitrary }) };
  }
  const prefix = version.endsWith('.*') && (operator === '==' || operator === '!=');
  const parsed = versionOrUndefined(prefix ? version.slice(0, -2) : version);
  if (parsed === undefined || !isAllowed(operator, parsed, prefix)) return undefined;
  return { operator, version, prefix, parsed };
}

function isAllowed(operator: SpecifierOperator, version: Version, prefix: boolean): boolean {
  if (prefix) return !isPrerelease(version) && version.post === undefined && version.local === undefined;
  if (operator === '~=' && version.release.length < 2) return false;
  return version.local === undefined || operator === '==' || operator === '!=';
}

/**
 * Whether the set allows the version. Pre-releases are refused where `prereleases` is false, and allowed where it is true
 * or not given: one version alone has no final release to prefer. A text that is no version fits `===` only.
 */
export function specifierContains(
  set: SpecifierSet,
  version: Version | string,
  options: { readonly prereleases?: boolean } = {},
): boolean {
  const parsed = typeof version === 'string' ? versionOrUndefined(version) : version;
  if (parsed !== undefined && options.prereleases === false && isPrerelease(parsed)) return false;
  const text = typeof version === 'string' ? version : renderVersion(version);
  return set.every((specifier) => {
    if (specifier.operator === '===') return text.toLowerCase() === specifier.version.toLowerCase();
    return parsed !== undefined && specifier.parsed !== undefined && holds(specifier, specifier.parsed, parsed);
  });
}

/** Those that the set allows: pre-releases only where no final release is allowed (specification, "Handling of pre-releases"). */
export function filterVersions(set: SpecifierSet, versions: readonly Version[]): readonly Version[] {
  const allowed = versions.filter((version) => specifierContains(set, version));
  if (mentionsPrerelease(set)) return allowed;
  const finals = allowed.filter((version) => !isPrerelease(version));
  return finals.length > 0 ? finals : allowed;
}

/** Whether a clause names a pre-release and so asks for them. */
export function mentionsPrerelease(set: SpecifierSet): boolean {
  return set.some(
    ({ operator, prefix, parsed }) => operator !== '!=' && !prefix && parsed !== undefined && isPrerelease(parsed),
  );
}

function holds(specifier: Specifier, wanted: Version, version: Version): boolean {
  switch (specifier.operator) {
    case '==':
    case '!=': {
      const equal = specifier.prefix ? hasPrefix(wanted, version) : isEqual(wanted, version);
      return equal === (specifier.operator === '==');
    }
    case '>=':
      return compareVersions(version, wanted) >= 0;
    case '<=':
      return compareVersions(publicVersion(version), wanted) <= 0;
    case '<':
      return compareVersions(version, isPrerelease(wanted) ? wanted : { ...wanted, dev: 0n }) < 0;
    case '>':
      return isGreater(wanted, version);
    case '~=':
      return (
        compareVersions(version, wanted) >= 0 &&
        hasPrefix({ epoch: wanted.epoch, release: wanted.release.slice(0, -1) }, version)
      );
    case '===':
      return false;
  }
}

function isEqual(wanted: Version, version: Version): boolean {
  return compareVersions(wanted.local === undefined ? publicVersion(version) : version, wanted) === 0;
}

/** "Exclusive ordered comparison": `>1.0` allows no post-release and no local version of 1.0. */
function isGreater(wanted: Version, version: Version): boolean {
  if (wanted.dev === undefined && wanted.post !== undefined) {
    return compareVersions(version, { ...wanted, post: wanted.post + 1n, dev: 0n }) >= 0;
  }
  if (compareVersions(publicVersion(version), wanted) <= 0) return false;
  if (wanted.dev !== undefined || version.post === undefined) return true;
  const { post: _post, dev: _dev, ...base } = publicVersion(version);
  return compareVersions(base, wanted) !== 0;
}

function hasPrefix(prefix: Version, version: Version): boolean {
  const last = prefix.release.length - 1;
  const next = prefix.release.map((part, index) => (index === last ? part + 1n : part));
  return (
    compareVersions(version, { epoch: prefix.epoch, release: prefix.release, dev: 0n }) >= 0 &&
    compareVersions(version, { epoch: prefix.epoch, release: next, dev: 0n }) < 0
  );
}

/** The same text for every spelling of a set: trailing zeros matter only where they say how much is compared. */
export function specifierSetKey(set: SpecifierSet): string {
  return renderSpecifierSet(
    set.map((specifier) => {
      const { operator, prefix, parsed } = specifier;
      if (parsed === undefined || prefix || operator === '~=' || operator === '===') return specifier;
      const last = parsed.release.findLastIndex((part) => part !== 0n);
      return { ...specifier, parsed: { ...parsed, release: parsed.release.slice(0, Math.max(1, last + 1)) } };
    }),
  );
}

/** The clauses in one fixed order with versions in normal form. */
export function renderSpecifierSet(set: SpecifierSet): string {
  const parts = set.map(({ operator, version, prefix, parsed }) => {
    if (operator === '===' || parsed === undefined) return `${operator}${version}`;
    return `${operator}${renderVersion(parsed)}${prefix ? '.*' : ''}`;
  });
  return sortedBy(new Set(parts), (part) => part).join(',');
}
