import { isTareError, type TareError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';
import { renderPlainText } from './format.ts';

/** `error[CODE]: message` with where, expected, actual and hint on lines of their own. */
export function renderErrorText(error: unknown): string {
  if (!isTareError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return renderPlainText(
      redact(
        `error[INTERNAL]: ${text}\nhint: this is a fault of tare; please report it with the command that led to it`,
      ),
    );
  }
  const lines = [`error[${error.code}]: ${error.message}`];
  if (error.where !== undefined) lines.push(`  where: ${error.where}`);
  if (error.expected !== undefined) lines.push(`  expected: ${error.expected}`);
  if (error.actual !== undefined) lines.push(`  actual: ${error.actual}`);
  const cause = rootCause(error);
  if (cause !== undefined) lines.push(`  cause: ${cause}`);
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  return renderPlainText(lines.join('\n'));
}

/** The same as plain data, for `--json`. */
export function errorData(error: unknown): { readonly error: Readonly<Record<string, unknown>> } {
  if (!isTareError(error)) {
    return { error: { code: 'INTERNAL', message: redact(error instanceof Error ? error.message : String(error)) } };
  }
  const { code, message, where, expected, actual, hint, transient } = error;
  return { error: { code, message, where, expected, actual, hint, transient } };
}

function rootCause(error: TareError): string | undefined {
  let cause: unknown = error.cause;
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
  return cause instanceof Error ? redact(cause.message).split('\n')[0] : undefined;
}
