import type { Because } from '../../base/because.ts';
import { buildComposedLayer } from '../../build/steps/base-layers.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { DebianMirrorConfig } from '../../debian/mirror.ts';
import { composedInterpreter } from '../../engine/composed-interpreter.ts';
import { hostPlatform, renderPlatform } from '../../oci/platform.ts';
import { parseArchitecture } from '../../plan/target.ts';
import { resolveComposedBase } from '../base/resolution.ts';
import { unpackBase } from '../base/unpacked.ts';

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
  const { root, folder } = await unpackBase(tools, [{ record }], architecture.platform);
  return composedInterpreter({ root, architecture: architecture.debian, pythonVersion: chosen.python, folder });
}
