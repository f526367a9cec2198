import { join } from 'node:path';
import { layerMediaType } from '../archive/layer-entry.ts';
import type { Context } from '../base/context.ts';
import { digestHex } from '../base/digest.ts';
import { createWorkerPool } from '../base/worker-pool.ts';
import { type LayerJob, type LayerJobResult, layerJobModule } from '../build/build.ts';
import type { LayerRecord } from '../build/recipe.ts';
import { buildBaseLayer } from '../build/steps/base-layer.ts';
import type { DebianConfig } from '../config/schema.ts';
import { composedInterpreter } from '../engine/composed-interpreter.ts';
import { renderImageConfig } from '../oci/config.ts';
import { makeImage } from '../oci/image.ts';
import { hostPlatform, parsePlatform, renderPlatform } from '../oci/platform.ts';
import type { ChosenPython } from '../plan/python.ts';
import { parseArchitecture } from '../plan/target.ts';
import type { Cache } from '../store/cache.ts';
import { writeRootfs } from '../store/rootfs.ts';
import { resolveBase } from './base.ts';

/** The least that makes an image of one layer. */
function bareConfig(platform: string, record: LayerRecord): Uint8Array {
  return renderImageConfig({
    platform: parsePlatform(platform),
    created: new Date(record.newest * 1000),
    env: [],
    cmd: [],
    user: '0',
    workdir: '/',
    labels: {},
    exposedPorts: [],
    layers: [{ diffId: record.diffId, createdBy: 'tare: base' }],
  });
}

/** A Python for uv to question on a machine that has none: the base's own, unpacked, started through its own loader. */
export async function composedPython(
  context: Context,
  cache: Cache,
  debian: DebianConfig,
  chosen: ChosenPython,
): Promise<string> {
  const architecture = parseArchitecture(renderPlatform(hostPlatform(context.host)));
  const resolved = await resolveBase(context, cache, debian, chosen, architecture);
  const pool = createWorkerPool<LayerJob, LayerJobResult>(layerJobModule(), 1, { signal: context.signal });
  try {
    const tools = { context, pool, cache: { ...cache, counters: { hits: 0, misses: 0 } } };
    const record = await buildBaseLayer(tools, resolved, { debs: resolved.debs, debian });
    const folder = join(context.cacheDir, 'tools', `python-${digestHex(record.diffId).slice(0, 16)}`);
    const descriptor = { mediaType: layerMediaType, digest: record.digest, size: record.size };
    const layer = { descriptor, diffId: record.diffId, file: cache.blobPath(record.digest) };
    const image = makeImage({ config: bareConfig(architecture.platform, record), layers: [layer] });
    const root = join(folder, 'root');
    await writeRootfs(image, root, { signal: context.signal, ownership: false });
    return await composedInterpreter({ root, architecture: architecture.debian, pythonVersion: chosen.python, folder });
  } finally {
    await pool.close();
  }
}
