/** The library behind the command line: plan, build, run and verify, each with a context that carries everything ambient. */
export { build, type BuildResult } from './api/build.ts';
export { type ContextOptions, createContext, type MeteredContext } from './api/context.ts';
export { lock, type LockOptions, type LockReport } from './api/lock.ts';
export type { LockWish } from './api/lock/session.ts';
export { plan } from './api/plan.ts';
export { login, type LoginOptions, type LoginReport, logout, type LogoutReport } from './api/login.ts';
export { pull, type PullOptions, type PullReport } from './api/pull.ts';
export { push, pushImages, type PushOptions, type PushReport } from './api/push.ts';
export type { RegistryOptions } from './api/registry-access.ts';
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
export type { InlineConfig, UserConfig } from './config/schema.ts';
export type { EngineName, PortMapping, RunResult, VolumeMount } from './engine/run.ts';
export type { Image, ImageLayer } from './oci/image.ts';
export type { Credentials } from './registry/credentials.ts';
export type * from './plan/types.ts';
