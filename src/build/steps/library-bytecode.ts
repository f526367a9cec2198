import { layerMediaType } from '../../archive/layer-entry.ts';
import { cachedPath, isSource } from '../../bytecode/paths.ts';
import { bringLayers } from '../../oci/blob-origin.ts';
import type { PlannedPython, Target } from '../../plan/types.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import { layTree } from '../../root/tree.ts';
import type { TargetInputs } from '../inputs.ts';
import { readBaseFiles } from '../layer-files.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import { bytecodeRecipe, type TargetCompiler } from '../target-compiler.ts';
import type { BuildTools } from '../tools.ts';
import type { BaseLayers } from './base-layers.ts';

/** Raised whenever other modules of the standard library are compiled. */
const libraryVersion = 1;

/** Bytecode of the standard library, above the base: the base's own layers stay what they are without. */
export async function buildLibraryBytecode(
  tools: BuildTools,
  target: Target,
  inputs: Pick<TargetInputs, 'baseImage'>,
  base: BaseLayers,
  compiler: TargetCompiler,
): Promise<LayerRecord> {
  const recipe: Recipe = {
    kind: 'library-bytecode',
    libraryVersion,
    base: base.map(({ record }) => record.diffId),
    interpreter: target.python.interpreter,
    bytecode: bytecodeRecipe(compiler),
  };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const sources = librarySources(await readBaseFiles(tools, base, inputs), target.python, compiler.cacheTag);
    const ready = await compiler.start();
    await bringLayers(base.map(({ blob }) => blob ?? {}));
    const task = tools.context.progress.start(`compiling the standard library ${target.base.architecture}`);
    try {
      const result = await tools.writeLayer({
        kind: 'library-bytecode',
        output,
        layers: base.map(({ record, blob }) => ({
          file: blob?.file ?? tools.cache.blobPath(record.digest),
          mediaType: blob?.mediaType ?? layerMediaType,
          digest: record.digest,
        })),
        sources,
        compiler: ready,
        cacheTag: compiler.cacheTag,
        parallel: tools.context.workers,
      });
      for (const warning of result.warnings) tools.context.log.info(warning);
      return result;
    } finally {
      task.done();
    }
  });
}

/** What no application imports: tests, teaching, tools, what another layer brings. */
const neverImported =
  /^(?:site-packages|dist-packages|test|tests|idlelib|turtledemo|lib2to3|ensurepip|pydoc_data|config-[^/]*)\/|\/(?:tests?|idle_test)\//;

/** Modules of the standard library that a base has without bytecode. */
export function librarySources(
  layers: readonly (readonly FileFacts[])[],
  python: Pick<PlannedPython, 'interpreter'>,
  cacheTag: string,
): readonly string[] {
  const tree = layTree(layers);
  const folder = `${standardFolder(python)}/`;
  return tree.entries().flatMap(({ path, type }) => {
    if (type !== 'file' || !isSource(path) || !path.startsWith(folder)) return [];
    if (neverImported.test(path.slice(folder.length))) return [];
    return tree.resolve(cachedPath(path, cacheTag)) === undefined ? [path] : [];
  });
}

/** `usr/lib/python3.13` of `/usr/bin/python3.13`. */
function standardFolder({ interpreter }: Pick<PlannedPython, 'interpreter'>): string {
  const [, prefix = '', name = ''] = /^\/(.*?)\/?bin\/(python3\.\d+t?)$/.exec(interpreter) ?? [];
  return prefix === '' ? `lib/${name}` : `${prefix}/lib/${name}`;
}
