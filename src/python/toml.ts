import { parse, TomlError } from 'smol-toml';
import * as v from 'valibot';
import { TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

/** Parses TOML. Throws `TOML_INVALID` with line and column. */
export function parseToml(
  text: string,
  where: string,
  limit: number = limits.lockFile,
): Readonly<Record<string, unknown>> {
  if (text.length > limit) {
    throw new TareError({
      code: 'TOML_TOO_LARGE',
      message: `\`${where}\` is larger than ${limit} bytes`,
      where,
      hint: 'check that this is the file you mean',
    });
  }
  try {
    return parse(text, { integersAsBigInt: 'asNeeded', unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new TareError({
      code: 'TOML_INVALID',
      message: `\`${where}\` is not valid TOML: ${reasonOf(error)}`,
      where: `${where}:${error.line}:${error.column}`,
      hint: 'correct that line, or make the file anew with the tool that wrote it',
      cause: error,
    });
  }
}

/** The first line of the parser's message; the rest shows the file, which may hold credentials. */
function reasonOf(error: TomlError): string {
  const first = error.message.split('\n', 1)[0] ?? '';
  return first.replace(/^Invalid TOML document:\s*/, '');
}

/** Checks a parsed file against a schema. Throws `code` naming the place and what was expected there. */
export function checkShape<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  error: { readonly code: string; readonly where: string; readonly hint: string },
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? 'the whole file';
  throw new TareError({
    code: error.code,
    message: `\`${error.where}\` has an unexpected value at \`${path}\``,
    where: error.where,
    expected: issue.expected ?? 'another value',
    actual: issue.received.slice(0, 100),
    hint: error.hint,
  });
}

/** One-based lines of the headers `[[NAME]]`, in order: where the nth table of an array begins. */
export function tableLines(text: string, name: string): readonly number[] {
  const header = new RegExp(`^[ \\t]*\\[\\[[ \\t]*${name}[ \\t]*\\]\\]`);
  const lines: number[] = [];
  for (const [index, line] of text.split('\n').entries()) if (header.test(line)) lines.push(index + 1);
  return lines;
}
