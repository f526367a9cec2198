import type { PlannedBytecode, PlannedCompiler, PlanWarning } from './types.ts';
import type { ResolvedSettings } from './settings.ts';
import { TareError } from '../base/errors.ts';

/** What was found out of a target's bytecode. */
export interface BytecodeChoice {
  readonly compiler?: PlannedCompiler;
  /** Why there is no compiler although one was looked for. */
  readonly missing?: string;
  /** The base has modules of the standard library without bytecode. */
  readonly hasBareLibrary: boolean;
}

export function planBytecode({ bytecode, origins }: ResolvedSettings): PlannedBytecode {
  return { mode: bytecode, because: origins.bytecode ?? { rule: 'the default' } };
}

/** That nothing is compiled where something was to be. Throws `SOURCES_NEED_BYTECODE` where the application would then have no modules. */
export function warnWithoutCompiler(
  settings: ResolvedSettings,
  platform: string,
  { missing }: Pick<BytecodeChoice, 'missing'>,
): readonly PlanWarning[] {
  if (settings.sources === 'strip' && (settings.bytecode === 'none' || missing !== undefined)) {
    throw new TareError({
      code: 'SOURCES_NEED_BYTECODE',
      message: `the sources cannot be left out: nothing is compiled${missing === undefined ? '' : ` (${missing})`}`,
      where: settings.origins.sources?.file ?? 'the setting `sources`',
      hint:
        missing === undefined
          ? 'set `bytecode` to `app` or `all`, or `sources` to `keep`'
          : 'build on a machine that can start this Python, or set `sources` to `keep`',
    });
  }
  if (missing === undefined) return [];
  return [
    {
      code: 'BYTECODE_LEFT_OUT',
      message: `the image for ${platform} has no bytecode: no CPython of its version can be started here (${missing})`,
      hint: 'it starts more slowly; build on Linux, install that very version, or set `bytecode = "none"` to hear no more of it',
    },
  ];
}
