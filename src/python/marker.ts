import { TareError } from '../base/errors.ts';
import { parseMarkerFrom } from './marker-parser.ts';
import { normalizedName } from './package-name.ts';
import { createScanner } from './scanner.ts';
import { specifierContains, specifierOrUndefined } from './specifier.ts';
import type { Machine } from './tags.ts';

/** A parsed environment marker (dependency specifiers specification, "Environment markers"). */
export type Marker =
  | { readonly kind: 'and'; readonly parts: readonly Marker[] }
  | { readonly kind: 'or'; readonly parts: readonly Marker[] }
  | {
      readonly kind: 'compare';
      readonly left: MarkerOperand;
      readonly operator: MarkerOperator;
      readonly right: MarkerOperand;
    };

export type MarkerOperand =
  | { readonly kind: 'variable'; readonly name: MarkerVariable }
  | { readonly kind: 'text'; readonly value: string };

export type MarkerOperator = '===' | '==' | '~=' | '!=' | '<=' | '>=' | '<' | '>' | 'in' | 'not in';

export type MarkerVariable = keyof MarkerEnvironment | 'extra' | 'extras' | 'dependency_groups';

/** The variables of a target. */
export interface MarkerEnvironment {
  readonly implementation_name: string;
  readonly implementation_version: string;
  readonly os_name: string;
  readonly platform_machine: string;
  readonly platform_python_implementation: string;
  /** Empty where the kernel is not known. */
  readonly platform_release: string;
  readonly platform_system: string;
  /** Empty where the kernel is not known. */
  readonly platform_version: string;
  readonly python_full_version: string;
  readonly python_version: string;
  readonly sys_platform: string;
}

const versionVariables: ReadonlySet<string> = new Set([
  'implementation_version',
  'platform_release',
  'python_full_version',
  'python_version',
]);

/** Parses a marker without its leading `;`. Throws `MARKER_INVALID`. */
export function parseMarker(text: string, where?: string): Marker {
  const scanner = createScanner(text, (expected, column) => {
    throw new TareError({
      code: 'MARKER_INVALID',
      message: `\`${text.slice(0, 200)}\` is not an environment marker`,
      expected: `${expected} at column ${column}`,
      hint: "write it as in `python_version < '3.12' and sys_platform == 'linux'`",
      ...(where === undefined ? {} : { where }),
    });
  });
  const marker = parseMarkerFrom(scanner);
  return scanner.atEnd() ? marker : scanner.fail('`and`, `or` or the end');
}

/**
 * Whether a marker holds. `extra` holds for each member of `extras`; `extras` and `dependency_groups` are those of lock
 * files (pylock.toml specification). Throws `MARKER_UNDEFINED` for comparisons that mean nothing (`os_name ~= "x"`).
 */
export function evaluateMarker(
  marker: Marker,
  environment: MarkerEnvironment,
  extras: ReadonlySet<string> = new Set(),
  groups: ReadonlySet<string> = new Set(),
): boolean {
  if (marker.kind === 'and') return marker.parts.every((part) => evaluateMarker(part, environment, extras, groups));
  if (marker.kind === 'or') return marker.parts.some((part) => evaluateMarker(part, environment, extras, groups));
  const { left, operator, right } = marker;
  const variable = left.kind === 'variable' ? left.name : right.kind === 'variable' ? right.name : undefined;
  if (variable === 'extra') return compareExtra(left, operator, right, extras);
  if (variable === 'extras') return compareMember(left, operator, extras, variable);
  if (variable === 'dependency_groups') return compareMember(left, operator, groups, variable);
  const value = (operand: MarkerOperand): string =>
    operand.kind === 'text' ? operand.value : environmentValue(environment, operand.name);
  if (variable !== undefined && versionVariables.has(variable)) {
    const specifier = specifierOrUndefined(`${operator}${value(right)}`);
    if (specifier !== undefined) return specifierContains([specifier], value(left), { prereleases: true });
  }
  return compareTexts(value(left), operator, value(right));
}

function environmentValue(environment: MarkerEnvironment, name: MarkerVariable): string {
  if (name === 'extra' || name === 'extras' || name === 'dependency_groups') return '';
  return environment[name];
}

/** Texts have no order: `<=` and `>=` hold for equal ones only ("comparisons", as PyPA packaging has it). */
function compareTexts(left: string, operator: MarkerOperator, right: string): boolean {
  switch (operator) {
    case '==':
    case '<=':
    case '>=':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
    case '>':
      return false;
    case 'in':
      return right.includes(left);
    case 'not in':
      return !right.includes(left);
    case '~=':
    case '===':
      throw undefinedComparison(left, operator, right);
  }
}

function undefinedComparison(left: string, operator: MarkerOperator, right: string): TareError {
  return new TareError({
    code: 'MARKER_UNDEFINED',
    message: `the marker compares \`${left.slice(0, 100)}\` and \`${right.slice(0, 100)}\` by \`${operator}\`, which means nothing`,
    hint: 'compare texts with `==`, `!=`, `in` or `not in`',
  });
}

function compareExtra(
  left: MarkerOperand,
  operator: MarkerOperator,
  right: MarkerOperand,
  extras: ReadonlySet<string>,
): boolean {
  const active = extras.size === 0 ? [''] : [...extras].map(normalizedName);
  const holds = (extra: string): boolean => {
    const value = (operand: MarkerOperand): string =>
      operand.kind === 'variable' ? extra : normalizedName(operand.value);
    return compareTexts(value(left), operator, value(right));
  };
  return operator === '!=' || operator === 'not in' ? active.every(holds) : active.some(holds);
}

function compareMember(
  left: MarkerOperand,
  operator: MarkerOperator,
  members: ReadonlySet<string>,
  variable: string,
): boolean {
  if (left.kind !== 'text' || (operator !== 'in' && operator !== 'not in')) {
    throw undefinedComparison(left.kind === 'text' ? left.value : variable, operator, variable);
  }
  const name = normalizedName(left.value);
  const found = [...members].some((member) => normalizedName(member) === name);
  return found === (operator === 'in');
}

/** The environment of CPython on Linux. Where the patch version is not known it counts as 0, as uv has it. */
export function markerEnvironment(target: {
  readonly python: string;
  readonly fullVersion?: string;
  readonly architecture: Machine;
}): MarkerEnvironment {
  const full = target.fullVersion ?? `${target.python}.0`;
  return {
    implementation_name: 'cpython',
    implementation_version: full,
    os_name: 'posix',
    platform_machine: target.architecture,
    platform_python_implementation: 'CPython',
    platform_release: '',
    platform_system: 'Linux',
    platform_version: '',
    python_full_version: full,
    python_version: target.python,
    sys_platform: 'linux',
  };
}

/** The marker as text, for showing and for comparing. */
export function renderMarker(marker: Marker): string {
  if (marker.kind === 'compare') {
    const operand = (side: MarkerOperand): string =>
      side.kind === 'variable' ? side.name : side.value.includes("'") ? `"${side.value}"` : `'${side.value}'`;
    return `${operand(marker.left)} ${marker.operator} ${operand(marker.right)}`;
  }
  return marker.parts
    .map((part) => (part.kind === 'or' && marker.kind === 'and' ? `(${renderMarker(part)})` : renderMarker(part)))
    .join(` ${marker.kind} `);
}
