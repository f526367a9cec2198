import { type Extract, extract } from 'tar-stream';
import { isTareError, TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { parseTarHeader, tarInvalid } from './tar-entry.ts';

/** One entry of a tar archive that was read. */
export interface TarEntry {
  /** Relative to the root, `/` separated, without `./` and trailing `/`. The root itself is not reported. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  /** Permission bits, 0..0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch, whole. */
  readonly mtime: number;
  /** As it is for a symlink; normalised as `path` for a hardlink. */
  readonly linkTarget?: string;
  readonly size: number;
  /** The file's bytes, once, before the next entry is asked for. What is not read is skipped. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Each has a default in `limits`. */
export interface TarLimits {
  readonly entries?: number;
  /** Bytes of the archive, headers included. */
  readonly unpacked?: number;
  /** Device nodes and pipes are passed over; else they are refused. */
  readonly withoutDevices?: boolean;
}

const deviceTypes: ReadonlySet<unknown> = new Set(['character-device', 'block-device', 'fifo']);

/**
 * Reads a tar archive (ustar, pax, GNU long names) as it streams. `where` names it in errors. Extended attributes are
 * not read. Breaking out of the loop ends the reading of `stream`.
 *
 * @throws TareError `TAR_INVALID`, `TAR_TRUNCATED`, `TAR_PATH_INVALID`, `TAR_TYPE_UNSUPPORTED`, `TAR_TOO_LARGE`
 */
export async function* readTar(
  stream: AsyncIterable<Uint8Array>,
  where: string,
  bounds: TarLimits = {},
): AsyncGenerator<TarEntry, void, void> {
  const { entries: mostEntries = limits.archiveEntries, unpacked: mostBytes = limits.archiveUnpacked } = bounds;
  const isLeftOut = (type: unknown): boolean => bounds.withoutDevices === true && deviceTypes.has(type);
  const parser = extract();
  const feeding = feed(parser, stream, where, mostBytes);
  const translate = (error: unknown): unknown => asTarError(error, where, feeding.failure());
  let entries = 0;
  let unpacked = 0;
  try {
    for await (const part of parser) {
      entries++;
      if (entries > mostEntries) throw tooLarge(where, `${mostEntries} entries`);
      if (isLeftOut(part.header.type)) {
        part.resume();
        continue;
      }
      const facts = parseTarHeader(part.header, where);
      unpacked += facts.size;
      if (unpacked > mostBytes) throw tooLarge(where, `${mostBytes} bytes`);
      // An empty entry's stream may never end.
      const rest = facts.size > 0 ? part[Symbol.asyncIterator]() : undefined;
      if (facts.path !== '') yield { ...facts, body: remaining(rest, translate) };
      for await (const _skipped of remaining(rest, translate));
    }
    await feeding.ended;
  } catch (error) {
    throw translate(error);
  } finally {
    parser.destroy(null);
    await feeding.ended;
  }
}

/** What the iterator has left. Leaving the loop early does not close it, which would end the whole archive. */
async function* remaining(
  rest: AsyncIterator<unknown> | undefined,
  translate: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, void> {
  while (rest !== undefined) {
    try {
      const { done, value } = await rest.next();
      if (done === true) return;
      if (value instanceof Uint8Array) yield value;
    } catch (error) {
      throw translate(error);
    }
  }
}

interface Feeding {
  /** Settles when `stream` is no longer read. Never rejects. */
  readonly ended: Promise<void>;
  /** Why `stream` could not be read to its end. */
  readonly failure: () => unknown;
}

function feed(parser: Extract, stream: AsyncIterable<Uint8Array>, where: string, mostBytes: number): Feeding {
  let failure: unknown;
  let wake: (() => void) | undefined;
  const onReady = (): void => wake?.();
  parser.on('drain', onReady);
  parser.on('close', onReady);
  const pour = async (): Promise<void> => {
    let bytes = 0;
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw tooLarge(where, `${mostBytes} bytes`);
      if (parser.destroyed) return;
      if (!parser.write(chunk) && !parser.destroyed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (parser.destroyed) return;
    }
    parser.end(null);
  };
  const ended = pour().catch((error: unknown) => {
    failure = error;
    parser.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return { ended, failure: () => failure };
}

function asTarError(error: unknown, where: string, failure: unknown): unknown {
  if (failure !== undefined) return failure;
  if (isTareError(error) || !(error instanceof Error)) return error;
  if (error.message !== 'Unexpected end of data') return tarInvalid(where, `is damaged: ${error.message}`, error);
  return new TareError({
    code: 'TAR_TRUNCATED',
    message: 'the tar archive ends in the middle of an entry',
    where,
    hint: 'the download or file is not whole: fetch it again',
    cause: error,
  });
}

function tooLarge(where: string, most: string): TareError {
  return new TareError({
    code: 'TAR_TOO_LARGE',
    message: `the tar archive has more than ${most}`,
    where,
    hint: 'the archive is damaged or hostile: take another version of it',
  });
}
