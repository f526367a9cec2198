import type { Because } from '../base/because.ts';
import type { BuilderFeature, LockSource, Variant } from './types.ts';

export interface ChosenVariant {
  readonly variant: Variant;
  readonly because: Because;
}

/** The variant that fits the project and what the builder lacks, where none is asked for. */
export function chooseVariant(lock: LockSource['kind'], lacks: readonly BuilderFeature[] = []): ChosenVariant {
  if (lacks.includes('mounts')) {
    return { variant: 'plain', because: { rule: 'the builder knows no `RUN --mount`, and this variant has none' } };
  }
  if (lock === 'uv') {
    return { variant: 'uv', because: { file: 'uv.lock', rule: 'uv reads the lock of the project as it is' } };
  }
  return {
    variant: 'venv',
    because: {
      rule: 'small, quick to build again, and no tool but what the base has',
    },
  };
}
