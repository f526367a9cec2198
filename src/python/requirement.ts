import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import type { Marker } from './marker.ts';
import { renderMarker } from './marker.ts';
import { parseMarkerFrom } from './marker-parser.ts';
import { type PackageName, parsePackageName } from './package-name.ts';
import { createScanner, type Scanner } from './scanner.ts';
import { renderSpecifierSet, type Specifier, type SpecifierSet, specifierOrUndefined } from './specifier.ts';

/** A dependency specifier (PyPA specifications, "Dependency specifiers"; PEP 508). */
export interface Requirement {
  readonly name: PackageName;
  /** Normalised, sorted, each once. */
  readonly extras: readonly PackageName[];
  readonly specifiers: SpecifierSet;
  /** An address or a path behind `@`, as written. */
  readonly url?: string;
  readonly marker?: Marker;
}

const identifier = /[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/y;
const clause = /===[ \t]*[^\s;,)]*|(?:~=|==|!=|<=|>=|<|>)[ \t]*[A-Za-z0-9._+!*-]+/y;
const urlPattern = /[^ \t]+/y;
const comma = /,/y;
const at = /@/y;
const semicolon = /;/y;
const openBracket = /\[/y;
const closeBracket = /\]/y;
const openParenthesis = /\(/y;
const closeParenthesis = /\)/y;

/** Parses `name[extra] >=1 ; marker` or `name @ url ; marker`. Throws `REQUIREMENT_INVALID`. */
export function parseRequirement(text: string, where?: string): Requirement {
  const scanner = createScanner(text, (expected, column) => {
    throw new TareError({
      code: 'REQUIREMENT_INVALID',
      message: `\`${text.slice(0, 200)}\` is not a requirement`,
      expected: `${expected} at column ${column}`,
      hint: "write it as in `fastapi[standard]>=0.115 ; python_version < '3.14'` or `name @ https://…`",
      ...(where === undefined ? {} : { where }),
    });
  });
  scanner.skipSpace();
  const name = scanner.take(identifier);
  if (name === undefined) return scanner.fail('a package name');
  scanner.skipSpace();
  const extras = parseExtras(scanner, where);
  scanner.skipSpace();
  const requirement = {
    name: parsePackageName(name, where),
    extras,
    ...(scanner.take(at) === undefined
      ? { specifiers: parseClauses(scanner) }
      : { specifiers: [], url: parseUrl(scanner) }),
  };
  const marker = parseTrailingMarker(scanner);
  return marker === undefined ? requirement : { ...requirement, marker };
}

function parseExtras(scanner: Scanner, where: string | undefined): readonly PackageName[] {
  if (scanner.take(openBracket) === undefined) return [];
  const extras = new Set<PackageName>();
  scanner.skipSpace();
  while (scanner.take(closeBracket) === undefined) {
    if (extras.size > 0 && scanner.take(comma) === undefined) scanner.fail('`,` or `]`');
    scanner.skipSpace();
    const extra = scanner.take(identifier);
    if (extra === undefined) return scanner.fail('the name of an extra');
    extras.add(parsePackageName(extra, where));
    scanner.skipSpace();
  }
  return sortedBy(extras, (extra) => extra);
}

function parseClauses(scanner: Scanner): SpecifierSet {
  const parenthesised = scanner.take(openParenthesis) !== undefined;
  const clauses: Specifier[] = [];
  scanner.skipSpace();
  while (scanner.isAt(clause)) {
    const specifier = specifierOrUndefined(scanner.take(clause) ?? '');
    if (specifier === undefined) return scanner.fail('a version that the operator allows, before this,');
    clauses.push(specifier);
    scanner.skipSpace();
    if (scanner.take(comma) === undefined) break;
    scanner.skipSpace();
  }
  if (parenthesised && scanner.take(closeParenthesis) === undefined) scanner.fail('`)`');
  scanner.skipSpace();
  return clauses;
}

function parseUrl(scanner: Scanner): string {
  scanner.skipSpace();
  const url = scanner.take(urlPattern);
  if (url === undefined) return scanner.fail('an address');
  // The specification wants a space before the `;` so that an address may hold one.
  if (!scanner.skipSpace() && !scanner.atEnd()) return scanner.fail('a space');
  return url;
}

function parseTrailingMarker(scanner: Scanner): Marker | undefined {
  if (scanner.atEnd()) return undefined;
  if (scanner.take(semicolon) === undefined) return scanner.fail('a version specifier, `;` or the end');
  const marker = parseMarkerFrom(scanner);
  return scanner.atEnd() ? marker : scanner.fail('`and`, `or` or the end');
}

/** The requirement in normal form. */
export function renderRequirement(requirement: Requirement): string {
  const extras = requirement.extras.length === 0 ? '' : `[${requirement.extras.join(',')}]`;
  const url = requirement.url === undefined ? '' : ` @ ${requirement.url}`;
  const marker = requirement.marker === undefined ? '' : ` ; ${renderMarker(requirement.marker)}`;
  return `${requirement.name}${extras}${renderSpecifierSet(requirement.specifiers)}${url}${marker}`;
}
