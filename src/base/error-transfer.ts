import { isTareError, systemErrorCode, TareError } from './errors.ts';

/** An error as it crosses from one thread to another, where classes are lost. */
export interface TransferredError {
  /** Present for a `TareError`. */
  readonly tare?: {
    readonly code: string;
    readonly transient: boolean;
    readonly where?: string;
    readonly expected?: string;
    readonly actual?: string;
    readonly hint?: string;
  };
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Of a system error. */
  readonly code?: string;
  readonly cause?: TransferredError;
}

const deepestCause = 8;

/** What `rebuildError` makes an equal error of. */
export function transferError(error: unknown, depth = 0): TransferredError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  const shared = {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(error.cause === undefined || depth === deepestCause ? {} : { cause: transferError(error.cause, depth + 1) }),
  };
  if (!isTareError(error)) {
    const code = systemErrorCode(error);
    return code === undefined ? shared : { ...shared, code };
  }
  const { code, transient, where, expected, actual, hint } = error;
  const optional = {
    ...(where === undefined ? {} : { where }),
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
    ...(hint === undefined ? {} : { hint }),
  };
  return { ...shared, tare: { code, transient, ...optional } };
}

/** The error of the other thread: a `TareError` with all its fields, or an `Error` with its name and code. */
export function rebuildError(transferred: TransferredError): Error {
  const { tare, name, message, stack, code } = transferred;
  const cause = transferred.cause === undefined ? undefined : rebuildError(transferred.cause);
  const error =
    tare === undefined ? new Error(message, cause && { cause }) : new TareError({ ...tare, message, cause });
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  if (tare === undefined && code !== undefined) Object.assign(error, { code });
  return error;
}
