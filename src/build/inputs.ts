import type { BaseImage } from '../base-image/base-image.ts';
import type { Digest } from '../base/digest.ts';
import type { DebianMirrorConfig } from '../debian/mirror.ts';
import type { DebPackage } from '../debian/package.ts';
import type { Certificate } from '../plan/certificates.ts';
import type { Plan } from '../plan/types.ts';
import type { DistributionFact } from '../project/facts.ts';
import type { Requirement } from '../python/requirement.ts';
import type { Project } from '../project/project.ts';
import type { TargetCompiler } from './target-compiler.ts';

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
  /** What the image trusts beside what its base does. */
  readonly certificates?: readonly Certificate[];
}

/** A compiler that may still be made ready. */
export interface CompilerChoice {
  /** Nothing is to be done before one knows which it is. */
  readonly isKnown: boolean;
  /** Undefined where nothing is compiled. */
  readonly ready: Promise<TargetCompiler | undefined>;
}

export const noCompiler: CompilerChoice = { isKnown: true, ready: Promise.resolve(undefined) };

export interface TargetInputs {
  /** Of a composed base. */
  readonly debs: readonly DebPackage[];
  readonly baseImage?: BaseImage;
  /** Of a base with a Python of an archive: an address or an absolute path. */
  readonly archive?: { readonly url: string; readonly needsLibrary: boolean };
  /** Beside the base. */
  readonly systemDebs: readonly DebPackage[];
  /** Where Debian packages come from, as configured. */
  readonly debian: DebianMirrorConfig;
  /** The package of the debug tools, and where it comes from. */
  readonly debug?: { readonly deb: DebPackage; readonly debian: DebianMirrorConfig };
  /** Where each wheel can be had, with request headers where the index wants some. */
  readonly wheelUrls: ReadonlyMap<
    Digest,
    { readonly url: string; readonly headers?: Readonly<Record<string, string>> }
  >;
  /** Compiles the standard library and the wheels; for an application alone there is none. */
  readonly wheelCompiler: CompilerChoice;
  /** Compiles the application. */
  readonly compiler: CompilerChoice;
  /** What the application asks for itself, for pip's install order. */
  readonly requested: readonly Requirement[];
}
