/** The library behind the command line: plan, build, run and verify, each with a context that carries everything ambient. */
export { bases, type BasesOptions, type BasesReport } from './api/bases.ts';
export { build, type BuildResult } from './api/build.ts';
export {
  buildWithEngine,
  type BuilderName,
  type EngineBuildOptions,
  type EngineBuildResult,
} from './api/engine-build.ts';
export { compareImages, type CompareImagesOptions } from './api/compare-images.ts';
export { compareWays, type CompareWaysOptions, type Way } from './api/compare-ways.ts';
export { type ContextOptions, createContext, type MeteredContext } from './api/context.ts';
export { type LoadEngineName, loadImages, type LoadReport, openLoadEngine } from './api/load.ts';
export {
  checkDockerfile,
  dockerfile,
  type DockerfileResult,
  type DockerfileWish,
  type StaleDockerfile,
  writeDockerfile,
  type WrittenDockerfile,
} from './api/dockerfile.ts';
export { bakeDockerfiles, type BakeReport, type BakeWish } from './api/dockerfile/bake.ts';
export { lock, type LockOptions, type LockReport } from './api/lock.ts';
export type { LockWish } from './api/lock/session.ts';
export { plan } from './api/plan.ts';
export { login, type LoginOptions, type LoginReport, logout, type LogoutReport } from './api/login.ts';
export { pull, type PullOptions, type PullReport } from './api/pull.ts';
export { push, pushImages, type PushOptions, type PushReport } from './api/push.ts';
export type { RegistryOptions } from './api/registry/access.ts';
export { run, type RunOptions } from './api/run.ts';
export {
  verify,
  type VerifiedFinding,
  type VerifiedPlatform,
  type VerifyOptions,
  type VerifyReport,
} from './api/verify.ts';
export type { Because, Fact } from './base/because.ts';
export type {
  Context,
  HttpClient,
  HttpConnection,
  HttpRequest,
  HttpResponse,
  HttpStream,
  Log,
  Progress,
  ProgressTask,
} from './base/context.ts';
export type { Digest } from './base/digest.ts';
export { isTareError, TareError, type TareErrorFields } from './base/errors.ts';
export type { BuildReport, LayerReport, LockUse, PlatformReport } from './build/build-report.ts';
export type { ComparedImage, ImageComparison } from './compare/compare-images.ts';
export type { ComparedWay, WayComparison } from './compare/compare-ways.ts';
export type { InlineConfig, UserConfig } from './config/schema.ts';
export type {
  BaseReference,
  BuilderFeature,
  DockerfileInputs,
  DockerfileOptions,
  DockerfileSecret,
  LockSource,
  ProjectIndex,
  RenderedDockerfile,
  SharedStage,
  Variant,
} from './dockerfile/types.ts';
export type { EngineName, PortMapping, RunResult, VolumeMount } from './engine/run.ts';
export type { Image, ImageLayer } from './oci/image.ts';
export type { Credentials } from './registry/credentials.ts';
export type * from './plan/types.ts';
