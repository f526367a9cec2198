import { downloadBlob } from '../../http/download.ts';
import type { PlannedArchive } from '../../plan/types.ts';
import { archivePrefix, archiveVersion } from '../../python-archive/compose-archive.ts';
import type { TargetInputs } from '../inputs.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';

/** The Python of an archive: fetched and unpacked only where no cache has the layer. */
export async function buildArchiveLayer(
  tools: BuildTools,
  { filename, sha256 }: PlannedArchive,
  { archive }: Pick<TargetInputs, 'archive'>,
): Promise<LayerRecord> {
  const recipe: Recipe = { kind: 'python-archive', archiveVersion, prefix: archivePrefix, archive: sha256 };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    if (archive === undefined) throw new Error('a plan with a Python archive, and no place to have it from');
    const file = await downloadBlob(tools.context, { url: archive.url, digest: sha256, name: filename }, tools.cache);
    const task = tools.context.progress.start(`unpacking ${filename}`);
    const { needsLibrary } = archive;
    const result = await tools.writeLayer({ kind: 'archive', output, archive: { file, filename }, needsLibrary });
    task.done();
    return result;
  });
}
