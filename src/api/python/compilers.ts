import { type CompilerChoice, noCompiler } from '../../build/inputs.ts';
import { librarySources } from '../../build/steps/library-bytecode.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import type { BytecodeChoice } from '../../plan/bytecode.ts';
import type { Architecture } from '../../plan/target.ts';
import { type BaseWish, type ResolvedBase, resolveBase } from '../base/resolution.ts';
import { type ChosenCompiler, chooseCompiler, compilerOf } from './compiler.ts';

/** Nothing is to be compiled. */
export const noChosenCompiler: ChosenCompiler = { isKnown: true, found: Promise.resolve({ missing: '' }) };

/** A compiler for each target, none where nothing is compiled. Those that must be made ready begin at once. */
export async function chooseCompilers(
  tools: BuildTools,
  wish: BaseWish,
  architectures: readonly Architecture[],
  bases: readonly ResolvedBase[],
): Promise<readonly ChosenCompiler[]> {
  if (wish.config.bytecode === 'none') return [];
  const twin = async (wanted: Architecture) => {
    const at = architectures.findIndex((one) => one.platform === wanted.platform);
    const base = bases[at] ?? (await resolveBase(tools.context, tools.cache, wish, wanted));
    return { base, inputs: baseInputs(base) };
  };
  return Promise.all(
    bases.map((base, at) =>
      chooseCompiler(tools, { base, architecture: architectures[at] as Architecture, inputs: baseInputs(base), twin }),
    ),
  );
}

/** What building a base takes. */
export function baseInputs(base: ResolvedBase) {
  return {
    debs: base.debs,
    debian: base.debian,
    ...('image' in base ? { baseImage: base.image } : {}),
    ...('archive' in base ? { archive: base.archive } : {}),
  };
}

export function compilerInputs(
  config: ResolvedConfig,
  chosen: ChosenCompiler,
): { readonly compiler: CompilerChoice; readonly wheelCompiler: CompilerChoice } {
  const compiler = chosen === noChosenCompiler ? noCompiler : compilerOf(chosen);
  return { compiler, wheelCompiler: config.bytecode === 'all' ? compiler : noCompiler };
}

/** What the plan says of a target's bytecode. Waits until the compiler was started once. */
export async function bytecodeChoice(base: ResolvedBase, chosen: ChosenCompiler): Promise<BytecodeChoice> {
  if (chosen === noChosenCompiler) return { hasBareLibrary: false };
  const found = await chosen.found;
  if ('missing' in found) return { missing: found.missing, hasBareLibrary: false };
  const { version, magic, cacheTag } = found.compiler;
  return {
    compiler: { version, magic, cacheTag, because: found.because },
    hasBareLibrary: !('image' in base) || librarySources(base.image.layerFiles, base.python, cacheTag).length > 0,
  };
}
