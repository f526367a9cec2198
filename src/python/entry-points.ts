import { TareError } from '../base/errors.ts';

/** `module:attribute`, the object that an entry point names; extras are left out, as installers ignore them. */
export interface ObjectReference {
  /** Dotted: `package.module`. */
  readonly module: string;
  /** Dotted: `Class.method`. */
  readonly attribute?: string;
}

export interface EntryPoint {
  readonly group: string;
  readonly name: string;
  /** As written. */
  readonly value: string;
  /** Absent where the value is no object reference: some groups hold other things. */
  readonly reference?: ObjectReference;
}

/** More entry points than any real distribution has. */
const mostEntryPoints = 100_000;

/**
 * Parses entry_points.txt (entry points specification, "File format"): groups in brackets, `name = value` lines, whole-line
 * comments. A name that occurs twice in a group has its last value, as for pip. Throws `ENTRY_POINTS_INVALID`.
 */
export function parseEntryPoints(text: string, where: string): readonly EntryPoint[] {
  const found = new Map<string, EntryPoint>();
  let group: string | undefined;
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = raw.trim();
    const fail = (message: string): TareError => invalid(message, `${where}:${index + 1}`);
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[')) {
      if (!line.endsWith(']')) throw fail('a group name lacks its closing bracket');
      group = line.slice(1, -1).trim();
      if (group === '') throw fail('a group name is empty');
      continue;
    }
    const equals = line.indexOf('=');
    if (group === undefined) throw fail('a line stands before the first group');
    if (equals < 0) throw fail('a line has no `=`');
    const name = line.slice(0, equals).trim();
    if (name === '') throw fail('an entry point has no name');
    const value = line.slice(equals + 1).trim();
    const reference = parseObjectReference(value);
    const key = `${group}\n${name}`;
    // A later value takes the place of the earlier in the order, too.
    found.delete(key);
    found.set(key, { group, name, value, ...(reference === undefined ? {} : { reference }) });
    if (found.size > mostEntryPoints) throw fail(`there are more than ${mostEntryPoints} entry points`);
  }
  return [...found.values()];
}

const dotted = String.raw`[\p{L}\p{N}_]+(?:\.[\p{L}\p{N}_]+)*`;
const referencePattern = new RegExp(
  String.raw`^(${dotted})[ \t]*(?::[ \t]*(${dotted})[ \t]*)?(?:\[[^\[\]]*\][ \t]*)?$`,
  'u',
);

/** `package.module:object.attribute [extra]`, or undefined where the text is something else. */
export function parseObjectReference(value: string): ObjectReference | undefined {
  const match = referencePattern.exec(value);
  const module = match?.[1];
  if (module === undefined) return undefined;
  const attribute = match?.[2];
  return attribute === undefined ? { module } : { module, attribute };
}

function invalid(message: string, where: string): TareError {
  return new TareError({
    code: 'ENTRY_POINTS_INVALID',
    message: `entry_points.txt cannot be used: ${message}`,
    where,
    hint: 'use another version of this package, or tell its maintainers',
  });
}
