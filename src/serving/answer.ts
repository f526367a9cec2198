import type { ServerResponse } from 'node:http';

interface Refusal {
  readonly status: number;
  readonly word: string;
  readonly message: string;
}

/** What can be answered instead of content (OCI distribution specification 1.1, "Error Codes"). */
export const refusals = {
  nameUnknown: { status: 404, word: 'NAME_UNKNOWN', message: 'this registry has no such repository' },
  manifestUnknown: { status: 404, word: 'MANIFEST_UNKNOWN', message: 'the repository has no such manifest' },
  blobUnknown: { status: 404, word: 'BLOB_UNKNOWN', message: 'the repository has no such blob' },
  digestInvalid: { status: 400, word: 'DIGEST_INVALID', message: 'that is no digest' },
  countInvalid: { status: 400, word: 'UNSUPPORTED', message: '`n` is no whole number' },
  readOnly: { status: 405, word: 'UNSUPPORTED', message: 'this registry can only be read' },
  foreignHost: { status: 403, word: 'DENIED', message: 'only this machine may ask, under a name of the loopback' },
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof refusals;

export function writeRefusal(response: ServerResponse, name: RefusalName, hasBody: boolean): void {
  const { status, word, message }: Refusal = refusals[name];
  const body = JSON.stringify({ errors: [{ code: word, message }] });
  if (status === 405) response.setHeader('Allow', 'GET, HEAD');
  // What comes along with a write is never read.
  if (status === 405 || status === 403) response.setHeader('Connection', 'close');
  writeWhole(response, status, 'application/json', body, hasBody);
}

/** An answer that is held as a whole; `hasBody` is false for HEAD. */
export function writeWhole(
  response: ServerResponse,
  status: number,
  mediaType: string,
  body: Uint8Array | string,
  hasBody: boolean,
): void {
  response.statusCode = status;
  response.setHeader('Content-Type', mediaType);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(hasBody ? body : undefined);
}
