import { join } from 'node:path';
import { layerMediaType } from '../archive/layer-entry.ts';
import type { Because } from '../base/because.ts';
import { digestHex } from '../base/digest.ts';
import type { LayerRecord } from '../build/recipe.ts';
import { buildComposedLayer } from '../build/steps/base-layers.ts';
import type { BuildTools } from '../build/tools.ts';
import { composedInterpreter } from '../engine/composed-interpreter.ts';
import type { DebianMirrorConfig } from '../debian/mirror.ts';
import { renderImageConfig } from '../oci/config.ts';
import { makeImage } from '../oci/image.ts';
import { hostPlatform, parsePlatform, renderPlatform } from '../oci/platform.ts';
import { parseArchitecture } from '../plan/target.ts';
import { writeRootfs } from '../store/rootfs.ts';
import { resolveComposedBase } from './base.ts';

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
  tools: BuildTools,
  debian: DebianMirrorConfig,
  chosen: { readonly python: string; readonly suite: string; readonly because: Because },
): Promise<string> {
  const { context, cache } = tools;
  const architecture = parseArchitecture(renderPlatform(hostPlatform(context.host)));
  const resolved = await resolveComposedBase(context, cache, debian, chosen, architecture);
  const record = await buildComposedLayer(tools, resolved.base, resolved.python, { debs: resolved.debs, debian });
  const folder = join(context.cacheDir, 'tools', `python-${digestHex(record.diffId).slice(0, 16)}`);
  const descriptor = { mediaType: layerMediaType, digest: record.digest, size: record.size };
  const layer = { descriptor, diffId: record.diffId, file: cache.blobPath(record.digest) };
  const image = makeImage({ config: bareConfig(architecture.platform, record), layers: [layer] });
  const root = join(folder, 'root');
  await writeRootfs(image, root, { signal: context.signal, ownership: false });
  return composedInterpreter({ root, architecture: architecture.debian, pythonVersion: chosen.python, folder });
}
