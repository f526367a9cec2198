import type { TarEntry } from '../archive/tar-reader.ts';
import type { FileFacts } from './file-facts.ts';
import { createObserver, type ObserverOptions } from './observe.ts';

export interface ScanOptions extends ObserverOptions {
  readonly signal?: AbortSignal;
}

export interface ScannedLayer {
  /** Every entry in its order; whiteouts (OCI image specification, layer.md) are entries like others. */
  readonly files: readonly FileFacts[];
  readonly kept: ReadonlyMap<string, Uint8Array>;
}

/** The facts of all entries of a layer, in one pass. Throws what reading the archive throws. */
export async function scanTar(entries: AsyncIterable<TarEntry>, options: ScanOptions): Promise<ScannedLayer> {
  const observer = createObserver(options);
  try {
    for await (const entry of entries) {
      options.signal?.throwIfAborted();
      const sink = observer.sinkFor(entry, entry.size);
      for await (const piece of entry.body) sink.push(piece);
      sink.end();
    }
    return { files: observer.facts(), kept: observer.kept() };
  } finally {
    observer.close();
  }
}
