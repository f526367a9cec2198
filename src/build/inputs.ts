import type { BaseImage } from '../base-image/base-image.ts';
import type { Digest } from '../base/digest.ts';
import type { DebianMirrorConfig } from '../debian/mirror.ts';
import type { DebPackage } from '../debian/package.ts';
import type { Plan } from '../plan/types.ts';
import type { DistributionFact } from '../project/facts.ts';
import type { Requirement } from '../python/requirement.ts';
import type { Project } from '../project/project.ts';

/** A plan with what the direct build needs beside it: the places that the plan must not name. */
export interface BuildInputs {
  readonly plan: Plan;
  readonly project: Project;
  /** As detected, where the project is installed as a distribution. */
  readonly distribution?: DistributionFact;
  /** In the order of `plan.targets`. */
  readonly targets: readonly TargetInputs[];
  /** Seconds since the epoch, where `SOURCE_DATE_EPOCH` is set. */
  readonly sourceDateEpoch?: number;
  /** Two distributions that own one path are an error. */
  readonly strict: boolean;
}

export interface TargetInputs {
  /** Of a composed base. */
  readonly debs: readonly DebPackage[];
  readonly baseImage?: BaseImage;
  /** Beside the base. */
  readonly systemDebs: readonly DebPackage[];
  /** Where Debian packages come from, as configured. */
  readonly debian: DebianMirrorConfig;
  /** Where each wheel can be had, with request headers where the index wants some. */
  readonly wheelUrls: ReadonlyMap<
    Digest,
    { readonly url: string; readonly headers?: Readonly<Record<string, string>> }
  >;
  /** What the application asks for itself, for pip's install order. */
  readonly requested: readonly Requirement[];
}
