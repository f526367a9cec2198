import * as v from 'valibot';
import { TareError } from '../base/errors.ts';

/** Manifests, indexes and configurations are read whole: registries refuse manifests above 4 MiB, configurations are of that order. */
export const largestJson = 16 * 1024 * 1024;

/** What an error about this JSON says. */
export interface JsonSubject {
  readonly code: string;
  readonly object: string;
  readonly where: string;
}

/** Foreign JSON through a schema. Throws a `TareError` with the subject's code that names every bad path (up to five). */
export function parseJson<Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  subject: JsonSubject,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, parseText(bytes, subject));
  if (result.success) return result.output;
  const issues = result.issues.slice(0, 5).map((issue) => `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`);
  throw invalid(subject, issues.join('; '));
}

function parseText(bytes: Uint8Array, subject: JsonSubject): unknown {
  if (bytes.byteLength > largestJson) throw invalid(subject, `more than ${largestJson} bytes`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(subject, error instanceof SyntaxError ? 'not JSON' : 'not UTF-8', error);
  }
}

function invalid(subject: JsonSubject, reason: string, cause?: unknown): TareError {
  return new TareError({
    code: subject.code,
    message: `the ${subject.object} is not valid: ${reason}`,
    where: subject.where,
    ...(cause === undefined ? {} : { cause }),
  });
}
