import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { layerCompression } from '../oci/descriptor.ts';
import type { ImageLayer } from '../oci/image.ts';
import { layerSource, readLayer } from '../oci/layer-stream.ts';

/** What registries and engines pack with. */
const level = 6;

/** Bytes of a layer as it is moved: as it is, or for one that lies here unpacked as gzip would pack it. Throws what reading it throws. */
export async function measurePacked(layer: ImageLayer, signal: AbortSignal): Promise<number> {
  const { mediaType, size } = layer.descriptor;
  if (layerCompression(mediaType) !== 'none') return size;
  let packed = 0;
  const counter = new Writable({
    write(chunk: Uint8Array, _, done) {
      packed += chunk.byteLength;
      done();
    },
  });
  const stream = readLayer(await layerSource(layer), { signal });
  await pipeline(stream, createGzip({ level, chunkSize: 256 * 1024 }), counter, { signal });
  return packed;
}
