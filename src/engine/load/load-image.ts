import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { type Platform, renderPlatform } from '../../oci/platform.ts';
import type { Reference } from '../../oci/reference.ts';
import type { ServedImage } from '../../serving/served-image.ts';
import { runProgram } from '../program.ts';
import { withRunRoom } from '../run-room.ts';
import type { LoadClient, LoadEngineName } from './load-client.ts';
import { pullLocally, reasonOf, renderFallback } from './pull-locally.ts';

export interface LoadRequest {
  readonly image: ServedImage;
  readonly platform: Platform;
  /** Of the platform's manifest. */
  readonly digest: string;
  /** Digests of its layers. */
  readonly layers: readonly string[];
  /** What a person calls it. */
  readonly reference: Reference;
  /** Writes it as a docker archive under a name. */
  readonly writeArchive: (file: string, name: string) => Promise<void>;
}

/** How an image came into an engine. Sizes in bytes. */
export interface LoadedImage {
  readonly engine: LoadEngineName;
  /** What the engine calls it. */
  readonly reference: string;
  readonly platform: string;
  readonly by: 'registry' | 'archive';
  /** What moved: blobs that were asked for, or the archive. */
  readonly bytes: number;
  readonly layers: {
    readonly total: number;
    /** Those that the engine had; with an archive it does not tell. */
    readonly present: number;
  };
  /** Why it took the archive. */
  readonly reason?: string;
}

/**
 * Gives an engine an image: it pulls from a registry on a loopback port, so that only what it lacks moves, and where that cannot be it
 * reads an archive. Throws `LOAD_FAILED`; then the engine is as it was.
 */
export async function loadImage(context: Context, client: LoadClient, request: LoadRequest): Promise<LoadedImage> {
  return withRunRoom(context, (room) => loadThrough(context, client, request, room));
}

async function loadThrough(
  context: Context,
  client: LoadClient,
  request: LoadRequest,
  room: string,
): Promise<LoadedImage> {
  const name = client.commands.nameOf(request.reference);
  const task = context.progress.start(`loading into ${client.name}`);
  try {
    const outcome = await pullLocally(context, client, {
      image: request.image,
      digest: request.digest,
      name,
      room,
      advance: task.advance,
      ...foreignPlatform(client, request.platform),
    });
    const common = { engine: client.name, reference: name, platform: renderPlatform(request.platform) };
    const total = request.layers.length;
    if ('sent' in outcome) {
      const { sent } = outcome;
      const present = request.layers.filter((layer) => !sent.has(layer)).length;
      return { ...common, by: 'registry', bytes: sumOf(sent.values()), layers: { total, present } };
    }
    const { reason } = outcome;
    context.log.warn(renderFallback(client, reason));
    const bytes = await loadArchive(context, client, request, { file: join(room, 'image.tar'), name });
    return { ...common, by: 'archive', bytes, layers: { total, present: 0 }, reason };
  } finally {
    task.done();
  }
}

function foreignPlatform(client: LoadClient, platform: Platform): { readonly platform?: string } {
  const wanted = renderPlatform(platform);
  return wanted === renderPlatform(client.platform) ? {} : { platform: wanted };
}

function sumOf(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

async function loadArchive(
  context: Context,
  client: LoadClient,
  request: LoadRequest,
  { file, name }: { readonly file: string; readonly name: string },
): Promise<number> {
  await request.writeArchive(file, name);
  const result = await runProgram(client.path, client.commands.load(file), {
    env: { ...client.env, TMPDIR: dirname(file) },
    signal: context.signal,
  });
  if (result.code !== 0) throw loadFailed(client, reasonOf(result));
  return (await stat(file)).size;
}

function loadFailed({ name }: LoadClient, reason: string): TareError {
  return new TareError({
    code: 'LOAD_FAILED',
    message: `${name} did not take the image: ${reason}`,
    hint: 'see whether it has room and works otherwise, or write an archive: -o docker-archive:FILE',
  });
}
