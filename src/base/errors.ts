import { redact } from './redact.ts';

/** What a `TareError` is made of. `code` is stable and documented in `docs/errors.md`. */
export interface TareErrorFields {
  /** Stable, upper-case, one per kind of failure: `WHEEL_HASH_MISMATCH`. */
  readonly code: string;
  /** Names the object and what is wrong with it: lower case, no final period. */
  readonly message: string;
  /** Where it is: `requirements.txt:12`, a member of an archive, an address. */
  readonly where?: string;
  readonly expected?: string;
  readonly actual?: string;
  /** What to do next, with the exact command where there is one. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** True where the same call may succeed later (exit code 75). */
  readonly transient?: boolean;
}

/** The one error family for everything that is not a programmer's mistake. */
export class TareError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  readonly hint: string | undefined;
  readonly transient: boolean;

  constructor(fields: TareErrorFields) {
    super(redact(fields.message), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'TareError';
    this.code = fields.code;
    this.where = fields.where === undefined ? undefined : redact(fields.where);
    this.expected = fields.expected === undefined ? undefined : redact(fields.expected);
    this.actual = fields.actual === undefined ? undefined : redact(fields.actual);
    this.hint = fields.hint === undefined ? undefined : redact(fields.hint);
    this.transient = fields.transient ?? false;
  }
}

export function isTareError(error: unknown): error is TareError {
  return error instanceof TareError;
}

/** The code of a Node system error (`ENOENT`), else undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Ends an exhaustive `switch`. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
