import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type InputType, type ZlibOptions } from 'node:zlib';
import type { HttpResponse } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';

type Decoder = (input: InputType, options: ZlibOptions) => Promise<Buffer>;

const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', promisify<InputType, ZlibOptions, Buffer>(gunzip)],
  ['x-gzip', promisify<InputType, ZlibOptions, Buffer>(gunzip)],
  ['deflate', promisify<InputType, ZlibOptions, Buffer>(inflate)],
  ['br', (input, options) => promisify(brotliDecompress)(input, { maxOutputLength: options.maxOutputLength ?? 0 })],
]);

/** The value to send as `accept-encoding` for what will be read by `readText`. */
export const textEncodings = 'gzip, deflate, br';

/** The whole body as it came, at most `limit` bytes. Throws `HTTP_TOO_LARGE`. */
export async function readBytes(response: HttpResponse, limit: number): Promise<Uint8Array> {
  const declared = Number(response.header('content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > limit || declared > limit) throw tooLarge(response, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** The whole body as UTF-8 text, with its content encoding undone; `limit` (bytes) holds before and after. */
export async function readText(response: HttpResponse, limit: number): Promise<string> {
  let bytes = await readBytes(response, limit);
  const encodings = (response.header('content-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  for (const encoding of encodings.reverse()) {
    if (encoding === '' || encoding === 'identity') continue;
    bytes = await decode(bytes, encoding, response, limit);
  }
  return new TextDecoder().decode(bytes);
}

/** Lets go of a response whose body is not wanted. */
export async function discardBody(response: HttpResponse): Promise<void> {
  for await (const _chunk of response.body) break;
}

async function decode(bytes: Uint8Array, encoding: string, response: HttpResponse, limit: number): Promise<Uint8Array> {
  const decoder = decoders.get(encoding);
  if (decoder === undefined)
    throw undecodable(response, `the content encoding \`${encoding.slice(0, 40)}\` is not known`);
  try {
    return await decoder(bytes, { maxOutputLength: limit });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(response, limit);
    throw undecodable(response, `its ${encoding} encoding is damaged`, error);
  }
}

function tooLarge(response: HttpResponse, limit: number): TareError {
  return new TareError({
    code: 'HTTP_TOO_LARGE',
    message: `the answer from ${redact(response.url)} is larger than is sensible`,
    expected: `at most ${limit} bytes`,
    hint: 'check that the address is right: this is not what is expected there',
  });
}

function undecodable(response: HttpResponse, reason: string, cause?: unknown): TareError {
  return new TareError({
    code: 'HTTP_UNREADABLE',
    message: `the answer from ${redact(response.url)} cannot be read: ${reason}`,
    hint: 'try again; a proxy in between may have damaged it',
    transient: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
