import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { compareText } from '../base/order.ts';
import { mediaTypes } from '../oci/descriptor.ts';
import { type RefusalName, writeRefusal, writeWhole } from './answer.ts';
import { parseRange } from './range.ts';
import { parseRoute, type Route } from './route.ts';
import type { ServedImage } from './served-image.ts';

/** Told what goes out. */
export interface ServingWatch {
  /** Bytes of a blob, as they are sent; 0 when it is asked for. */
  readonly onBlob: (digest: string, bytes: number) => void;
}

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Answers one request. Rejects where a body breaks off on the way: then the connection must be cut. */
export async function respond(
  image: ServedImage,
  request: IncomingMessage,
  response: ServerResponse,
  watch: ServingWatch,
): Promise<void> {
  const isHead = request.method === 'HEAD';
  const refuse = (name: RefusalName): void => writeRefusal(response, name, !isHead);
  response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  // A page in a browser reaches a port of this machine under a name of its own (DNS rebinding).
  if (!loopbackHost.test(request.headers.host ?? '')) return refuse('foreignHost');
  if (request.method !== 'GET' && !isHead) return refuse('readOnly');
  const route = parseRoute(request.url ?? '');
  if (route === undefined) return refuse('nameUnknown');
  if (route.kind === 'base') return writeWhole(response, 200, 'application/json', '{}', !isHead);
  if (route.repository !== image.repository) return refuse('nameUnknown');
  if (route.kind === 'upload') return refuse('readOnly');
  switch (route.kind) {
    case 'manifest':
      return respondManifest(image, route.reference, response, isHead);
    case 'blob':
      return respondBlob(image, route.digest, { request, response, watch, isHead });
    case 'tags':
      return respondTags(image, route, response, isHead);
    case 'referrers':
      return respondReferrers(route, response, isHead);
  }
}

/** Of any algorithm (OCI image specification, descriptor.md, "Digests"). */
const digestForm = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

function respondManifest(image: ServedImage, reference: string, response: ServerResponse, isHead: boolean): void {
  const digest = image.tags.get(reference) ?? reference;
  const manifest = image.manifests.get(digest);
  if (manifest === undefined) return writeRefusal(response, 'manifestUnknown', !isHead);
  response.setHeader('Docker-Content-Digest', digest);
  response.setHeader('ETag', `"${digest}"`);
  writeWhole(response, 200, manifest.mediaType, manifest.bytes, !isHead);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly watch: ServingWatch;
  readonly isHead: boolean;
}

async function respondBlob(image: ServedImage, digest: string, exchange: Exchange): Promise<void> {
  const { request, response, watch, isHead } = exchange;
  if (!digestForm.test(digest)) return writeRefusal(response, 'digestInvalid', !isHead);
  const blob = image.blobs.get(digest);
  if (blob === undefined) return writeRefusal(response, 'blobUnknown', !isHead);
  const { size, open } = blob;
  const etag = `"${digest}"`;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Docker-Content-Digest', digest);
  response.setHeader('ETag', etag);
  const isCurrent = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const range = isHead || !isCurrent ? undefined : parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${size}`);
    return writeWhole(response, 416, 'text/plain', '', false);
  }
  const { start, end } = range ?? { start: 0, end: size };
  if (range !== undefined) response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${size}`);
  response.writeHead(range === undefined ? 200 : 206, { 'Content-Length': end - start });
  if (isHead || start === end) {
    response.end();
    return;
  }
  watch.onBlob(digest, 0);
  await pipeline(
    counted(open(start, end), (bytes) => watch.onBlob(digest, bytes)),
    response,
  );
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    count(chunk.byteLength);
    yield chunk;
  }
}

/** Tags in order, a page at a time (distribution specification, "Listing Tags"). */
function respondTags(
  image: ServedImage,
  { repository, count, last }: Extract<Route, { kind: 'tags' }>,
  response: ServerResponse,
  isHead: boolean,
): void {
  if (count !== undefined && !/^\d{1,9}$/.test(count)) return writeRefusal(response, 'countInvalid', !isHead);
  const left = [...image.tags.keys()].sort(compareText).filter((tag) => last === undefined || tag > last);
  const tags = count === undefined ? left : left.slice(0, Number(count));
  const end = tags.at(-1);
  if (tags.length < left.length && end !== undefined) {
    const query = new URLSearchParams({ n: String(count), last: end }).toString();
    response.setHeader('Link', `</v2/${repository}/tags/list?${query}>; rel="next"`);
  }
  writeWhole(response, 200, 'application/json', JSON.stringify({ name: repository, tags }), !isHead);
}

/** Nothing refers to what was just built (distribution specification, "Listing Referrers"). */
function respondReferrers(
  { digest, isFiltered }: Extract<Route, { kind: 'referrers' }>,
  response: ServerResponse,
  isHead: boolean,
): void {
  if (!digestForm.test(digest)) return writeRefusal(response, 'digestInvalid', !isHead);
  if (isFiltered) response.setHeader('OCI-Filters-Applied', 'artifactType');
  const index = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] });
  writeWhole(response, 200, mediaTypes.index, index, !isHead);
}
