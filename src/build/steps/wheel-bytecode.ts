import type { Context, ProgressTask } from '../../base/context.ts';
import { canonicalJson } from '../../base/order.ts';
import type { Bundle } from '../../bytecode/compile-bundle.ts';
import type { PlannedWheel } from '../../plan/types.ts';
import type { InstallScheme } from '../../python/install.ts';
import { removeBundle } from '../bytecode-job.ts';
import type { WheelToWrite } from '../layer-job.ts';
import { bytecodeRecipe, type TargetCompiler } from '../target-compiler.ts';
import type { BuildTools } from '../tools.ts';

export interface WheelToCompile {
  readonly wheel: PlannedWheel;
  /** Path of the wheel. */
  readonly file: string;
  readonly scheme: InstallScheme;
  readonly compiler: TargetCompiler;
  /** Called when one is being compiled; what it gives, when that is done. */
  readonly progress: () => () => void;
  /** Keep the bytecode for a layer that another wheel may change. */
  readonly isShared: boolean;
}

export interface CompiledWheel {
  readonly bytecode: NonNullable<WheelToWrite['bytecode']>;
  /** To be called when the layer is written. */
  readonly release: () => Promise<void>;
}

/** The bytecode of a wheel: of a wheel that shares its layer it stays in the cache, so that its neighbours never make it compile again. */
export async function compileWheelOnce(tools: BuildTools, request: WheelToCompile): Promise<CompiledWheel> {
  const { cache } = tools;
  const { compiler, wheel, scheme } = request;
  const { cacheTag } = compiler;
  const key = canonicalJson({ wheel: wheel.sha256, scheme, bytecode: bytecodeRecipe(compiler) });
  const known = await cache.readRecord('wheel-bytecode', key);
  if (isBundle(known) && (await cache.has(known.digest, known.size))) {
    const bundle = cache.blobPath(known.digest);
    return { bytecode: { bundle, files: known.files, cacheTag }, release: async () => undefined };
  }
  const output = await cache.temporary();
  const bundle = await compile(tools, request, output);
  if (!request.isShared) {
    return { bytecode: { bundle: output, files: bundle.files, cacheTag }, release: () => removeBundle(output) };
  }
  const kept = await cache.adopt(output, bundle.digest);
  await cache.writeRecord('wheel-bytecode', key, bundle);
  return { bytecode: { bundle: kept, files: bundle.files, cacheTag }, release: async () => undefined };
}

async function compile(tools: BuildTools, request: WheelToCompile, output: string): Promise<Bundle> {
  const { wheel, file, scheme, compiler } = request;
  const { context } = tools;
  const ready = await compiler.start();
  const finish = request.progress();
  try {
    const bundle = await tools.compile({
      kind: 'wheel-bytecode',
      output,
      file,
      filename: wheel.filename,
      scheme,
      compiler: ready,
      parallel: context.workers,
    });
    sayFailures(tools, wheel.filename, bundle.failures);
    return bundle;
  } catch (error) {
    await removeBundle(output);
    throw error;
  } finally {
    finish();
  }
}

/** One line of progress for all wheels of a target. */
export function compileProgress({ progress }: Context): WheelToCompile['progress'] {
  let open = 0;
  let task: ProgressTask | undefined;
  return () => {
    task ??= progress.start('compiling wheels');
    open++;
    return () => {
      open--;
      if (open > 0) return;
      task?.done();
      task = undefined;
    };
  };
}

const mostShown = 3;

function sayFailures({ context }: BuildTools, name: string, failures: Bundle['failures']): void {
  if (failures.length === 0) return;
  const shown = failures.slice(0, mostShown).map(({ path, reason }) => `\`${inSite(path)}\` (${reason})`);
  const more = failures.length > mostShown ? ` and ${failures.length - mostShown} more` : '';
  context.log.info(`${name}: ${shown.join(', ')}${more} cannot be compiled and stay sources`);
}

function inSite(path: string): string {
  return path.replace(/^.*\/site-packages\//, '');
}

function isBundle(value: unknown): value is Bundle {
  return typeof value === 'object' && value !== null && 'digest' in value && 'files' in value && 'size' in value;
}
