import type { ImageConfig } from '../oci/config.ts';

/** How many layers of an image, from the lowest on, are its base, and what says so. */
export interface BaseLayers {
  readonly count: number;
  /** In words: `the history that tare wrote`. */
  readonly because: string;
}

const ownBase = /^tare: (?:Debian \S+ with(?:out)? Python|standalone Python)(?: \d+\/\d+)?$/;

/** The base as far as the history of the image tells it (OCI image specification, config.md, "history"); undefined where it does not. */
export function findBaseLayers({ history, diffIds }: Pick<ImageConfig, 'history' | 'diffIds'>): BaseLayers | undefined {
  const steps = history.filter((step) => !step.empty);
  if (steps.length === diffIds.length) {
    const own = steps.findIndex(({ createdBy = '' }) => createdBy.startsWith('tare: ') && !ownBase.test(createdBy));
    if (own > 0) return { count: own, because: 'the history that tare wrote' };
  }
  // The last step of Docker's official Python images; what follows was built on them.
  const end = history.findLastIndex(({ createdBy = '' }) => /\bCMD \["python3"\]/.test(createdBy));
  if (end < 0) return undefined;
  const count = history.slice(0, end).filter((step) => !step.empty).length;
  return count > 0 && count <= diffIds.length ? { count, because: 'the history of the Python image' } : undefined;
}
