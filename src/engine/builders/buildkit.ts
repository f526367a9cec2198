import type { Feature } from './types.ts';
import { isAtLeast } from './version.ts';

/** What a BuildKit of some version lacks. */
export function lacksOfBuildkit(version: string): Readonly<Partial<Record<Feature, string>>> {
  return {
    ...(isAtLeast(version, '0.10.0') ? {} : { link: 'BuildKit 0.10 (Docker 23)' }),
    ...(isAtLeast(version, '0.13.0') ? {} : { 'rewrite-timestamp': 'BuildKit 0.13' }),
  };
}
