import type { Digest } from '../../base/digest.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import type { Architecture } from '../../plan/target.ts';
import type { PlannedBuild } from '../../plan/types.ts';
import type { SourceToBuild } from '../../plan/wheels.ts';
import type { Project } from '../../project/project.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import type { Resolver } from '../indexes/resolver.ts';

/** What every build of a wheel works with. */
export interface BuildWish {
  readonly tools: BuildTools;
  readonly config: ResolvedConfig;
  readonly project: Project;
  readonly resolver: Resolver;
  /** The same base for another architecture. */
  readonly twin: (architecture: Architecture) => Promise<ResolvedBase>;
  readonly permission: BuildPermission;
}

/** What a wheel is built for, and in. */
export interface BuildPlace {
  readonly base: ResolvedBase;
  readonly architecture: Architecture;
}

/** A wheel that was built; it is in the cache. */
export interface BuiltWheel {
  readonly filename: string;
  readonly sha256: Digest;
  readonly size: number;
  readonly built: PlannedBuild;
}

/** Whether a distribution may be built, or what forbids it. */
export interface BuildPermission {
  readonly isAllowed: (name: string) => boolean;
  /** What forbids it, for the hint of an error. */
  readonly forbids: (name: string) => string;
}

export interface WheelBuilder {
  readonly permission: BuildPermission;
  /** `pins` are constraints for what it is built with, beside those of the configuration. */
  readonly build: (source: SourceToBuild, pins?: readonly string[]) => Promise<BuiltWheel>;
}
