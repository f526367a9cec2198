import { TareError } from '../base/errors.ts';
import { compareDebianVersions, type DebianVersion, parseDebianVersion } from './version.ts';

export type RelationOperator = '<<' | '<=' | '=' | '>=' | '>>';

/** One package name with conditions: `libc6 (>= 2.38)`, `python3:any` (Debian Policy 7.1). */
export interface Relation {
  readonly name: string;
  /** What follows the colon: `any`, `native` or an architecture. */
  readonly qualifier?: string;
  readonly operator?: RelationOperator;
  readonly version?: DebianVersion;
}

/** Alternatives, the preferred one first. Never empty. */
export type RelationGroup = readonly Relation[];

const relationPattern =
  /^([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|<|=|>=|>>|>)\s*([^\s()]+)\s*\))?\s*(?:\[\s*([^[\]]*?)\s*\])?\s*((?:<[^<>]*>\s*)*)$/;

/** Parses a relationship field. Alternatives that are restricted to other architectures are left out. */
export function parseRelations(text: string, architecture: string, where?: string): readonly RelationGroup[] {
  const groups: RelationGroup[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const group = part
      .split('|')
      .map((alternative) => parseRelation(alternative.trim(), architecture, where))
      .filter((relation) => relation !== undefined);
    if (group.length > 0) groups.push(group);
  }
  return groups;
}

function parseRelation(text: string, architecture: string, where: string | undefined): Relation | undefined {
  const match = text.length > 4096 ? null : relationPattern.exec(text);
  if (match === null) {
    throw new TareError({
      code: 'DEBIAN_RELATION_INVALID',
      message: `\`${text.slice(0, 100)}\` is not a Debian package relation`,
      expected: 'a name, then optionally `:architecture`, `(>= version)` and `[architectures]`',
      ...(where === undefined ? {} : { where }),
    });
  }
  const [, name = '', qualifier, operator, version, restriction] = match;
  if (restriction !== undefined && !matchesRestriction(restriction, architecture)) return undefined;
  return {
    name,
    ...(qualifier === undefined ? {} : { qualifier }),
    ...(operator === undefined || version === undefined
      ? {}
      : { operator: operatorOf(operator), version: parseDebianVersion(version, where) }),
  };
}

/** The obsolete `<` and `>` mean `<=` and `>=` (deb-control(5)). */
function operatorOf(text: string): RelationOperator {
  switch (text) {
    case '<<':
    case '=':
    case '>>':
      return text;
    case '<':
    case '<=':
      return '<=';
    default:
      return '>=';
  }
}

/** `amd64 linux-any` or `!i386 !arm64` (Debian Policy 7.1 and 11.1.1). */
function matchesRestriction(restriction: string, architecture: string): boolean {
  const names = restriction.split(/\s+/).filter((name) => name !== '');
  const negated = names.some((name) => name.startsWith('!'));
  const named = names.some((name) => matchesArchitecture(name.replace(/^!/, ''), architecture));
  return negated ? !named : named;
}

function matchesArchitecture(pattern: string, architecture: string): boolean {
  return (
    pattern === architecture ||
    pattern === 'any' ||
    pattern === 'linux-any' ||
    pattern === `any-${architecture}` ||
    pattern === `linux-${architecture}`
  );
}

/** Whether a version fulfils the relation's condition; a relation without one takes any. */
export function isSatisfiedBy(relation: Relation, version: DebianVersion): boolean {
  if (relation.operator === undefined || relation.version === undefined) return true;
  const order = compareDebianVersions(version, relation.version);
  switch (relation.operator) {
    case '<<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>>':
      return order > 0;
  }
}

export function renderRelation(relation: Relation): string {
  const qualifier = relation.qualifier === undefined ? '' : `:${relation.qualifier}`;
  const condition = relation.operator === undefined ? '' : ` (${relation.operator} ${relation.version ?? ''})`;
  return `${relation.name}${qualifier}${condition}`;
}

export function renderRelationGroup(group: RelationGroup): string {
  return group.map(renderRelation).join(' | ');
}
