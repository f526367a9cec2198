import { join } from 'node:path';
import * as v from 'valibot';
import { canonicalJson } from '../../base/order.ts';
import { limits } from '../../base/limits.ts';
import { withRunRoom } from '../../engine/run-room.ts';
import type { SourceToBuild } from '../../plan/wheels.ts';
import { parseBuildSystem } from '../../wheel-build/build-system.ts';
import { findNativeSigns, type NativeSigns, readOwnText } from '../../wheel-build/native-signs.ts';
import type { BuildSystem } from '../../wheel-build/types.ts';
import { fetchSource, titleOf } from './source.ts';
import type { BuildWish } from './types.ts';

/** Raised when a source may be understood in another way. */
const inspectionVersion = 1;

/** What a source says of how it is built. */
export interface InspectedSource {
  readonly system: BuildSystem;
  readonly signs: NativeSigns;
}

const text = v.string();
const recordSchema = v.object({
  system: v.object({ requires: v.array(text), backend: text, backendPath: v.array(text), isLegacy: v.boolean() }),
  signs: v.object({ compiler: v.exactOptional(text), rust: v.exactOptional(text) }),
});

/** Everything that tells one source from another. */
export function identityOf({ name, version, source }: SourceToBuild) {
  const { subdirectory = '' } = source;
  const hash = source.kind === 'archive' ? source.sha256 : source.commit;
  return { name, version: version ?? '', source: [source.kind, hash, subdirectory] };
}

/** Looks into a source once; nothing of it is run. */
export async function inspectSource(wish: BuildWish, source: SourceToBuild): Promise<InspectedSource> {
  const { context, cache } = wish.tools;
  const key = canonicalJson({ inspectionVersion, ...identityOf(source) });
  const known = v.safeParse(recordSchema, await cache.readRecord('source-inspection', key));
  if (known.success) return known.output;
  return withRunRoom(context, async (room) => {
    const { path } = await fetchSource(wish, source, room);
    const folder = join(room, path);
    const manifest = await readOwnText(join(folder, 'pyproject.toml'), limits.projectFile);
    const system = parseBuildSystem(manifest, `${titleOf(source)}: pyproject.toml`);
    const found = { system, signs: await findNativeSigns(folder, system) };
    await cache.writeRecord('source-inspection', key, found);
    return found;
  });
}
