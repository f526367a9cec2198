import type { Marker, MarkerOperand, MarkerOperator, MarkerVariable } from './marker.ts';
import type { Scanner } from './scanner.ts';

const variablePattern =
  /\b(?:python_version|python_full_version|os[._]name|sys[._]platform|platform_(?:release|system)|platform[._](?:version|machine|python_implementation)|python_implementation|implementation_(?:name|version)|extras?|dependency_groups)\b/y;
const quoted = /'[^']*'|"[^"]*"/y;
const operatorPattern = /===|==|~=|!=|<=|>=|<|>/y;
const inPattern = /in\b/y;
const notInPattern = /not[ \t]+in\b/y;
const orPattern = /or\b/y;
const andPattern = /and\b/y;
const opening = /\(/y;
const closing = /\)/y;

/** Far deeper than any real marker. */
const deepest = 100;

/** Parses a marker where the scanner stands, up to what cannot belong to it. */
export function parseMarkerFrom(scanner: Scanner): Marker {
  return parseOr(scanner, 0);
}

function parseOr(scanner: Scanner, depth: number): Marker {
  const parts = [parseAnd(scanner, depth)];
  while (scanner.take(orPattern) !== undefined) parts.push(parseAnd(scanner, depth));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts };
}

function parseAnd(scanner: Scanner, depth: number): Marker {
  const parts = [parseAtom(scanner, depth)];
  while (scanner.take(andPattern) !== undefined) parts.push(parseAtom(scanner, depth));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts };
}

function parseAtom(scanner: Scanner, depth: number): Marker {
  scanner.skipSpace();
  let marker: Marker;
  if (scanner.take(opening) === undefined) {
    marker = parseComparison(scanner);
  } else {
    if (depth >= deepest) scanner.fail(`at most ${deepest} nested parentheses`);
    marker = parseOr(scanner, depth + 1);
    if (scanner.take(closing) === undefined) scanner.fail('`)`');
  }
  scanner.skipSpace();
  return marker;
}

function parseComparison(scanner: Scanner): Marker {
  const left = parseOperand(scanner);
  scanner.skipSpace();
  const operator = parseOperator(scanner);
  scanner.skipSpace();
  const right = parseOperand(scanner);
  return { kind: 'compare', left, operator, right };
}

function parseOperand(scanner: Scanner): MarkerOperand {
  const variable = scanner.take(variablePattern);
  if (variable !== undefined) {
    const name = variable.replace('.', '_');
    const known = name === 'python_implementation' ? 'platform_python_implementation' : name;
    return { kind: 'variable', name: known as MarkerVariable };
  }
  const text = scanner.take(quoted);
  if (text === undefined) return scanner.fail('a marker variable or a quoted text');
  return { kind: 'text', value: text.slice(1, -1) };
}

function parseOperator(scanner: Scanner): MarkerOperator {
  if (scanner.take(inPattern) !== undefined) return 'in';
  if (scanner.take(notInPattern) !== undefined) return 'not in';
  const operator = scanner.take(operatorPattern);
  if (operator === undefined) return scanner.fail('`==`, `!=`, `<`, `<=`, `>`, `>=`, `~=`, `===`, `in` or `not in`');
  return operator as MarkerOperator;
}
