import { stat } from 'node:fs/promises';
import type { Context } from '../../base/context.ts';
import { canonicalJson } from '../../base/order.ts';
import type { CountedCache } from '../../build/recipe.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import { downloadBlob } from '../../http/download.ts';
import type { Dependencies } from '../../plan/lock.ts';
import { isFreeThreadedAbi } from '../../plan/python.ts';
import { parseArchitecture, targetMarkerEnvironment } from '../../plan/target.ts';
import type { PlannedWheel } from '../../plan/types.ts';
import type { Project } from '../../project/project.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import type { Resolver } from '../indexes/resolver.ts';
import type { WheelLock } from '../lock/locked-wheels.ts';
import { assertChoosable } from '../wheel-build/choose.ts';
import type { WheelBuilder } from '../wheel-build/types.ts';
import { knownTargetWheels, resolveTargetWheels, type TargetWheels, type WheelInputs } from './resolution.ts';

interface WheelTools {
  readonly context: Context;
  readonly cache: CountedCache;
  readonly project: Project;
  readonly dependencies: Dependencies;
  readonly resolver: Resolver;
}

/** For which platform and base wheels are chosen, and what of them may be built. */
export interface WheelWish {
  readonly config: ResolvedConfig;
  readonly platform: string;
  readonly base: ResolvedBase;
  readonly locked: WheelLock | undefined;
  /** Absent where it is only tried whether everything has a wheel. */
  readonly builder?: WheelBuilder;
}

/** The wheels of one platform on a base, each with its size. */
export async function wheelsFor(tools: WheelTools, wish: WheelWish): Promise<TargetWheels> {
  const wheels = await resolveTargetWheels(inputsOf(tools, wish));
  return {
    ...wheels,
    wheels: await Promise.all(wheels.wheels.map((wheel) => withSize(tools, wheel, wheels.urls[wheel.sha256]))),
  };
}

/** Throws for what a lock of the project names that has no wheel for the platform and may not be built; fetches and builds nothing. */
export async function assertWheels(tools: WheelTools, wish: WheelWish): Promise<void> {
  const inputs = inputsOf(tools, wish);
  // What was chosen before had all it needs; asking again means to read the pages of an index.
  if ((await knownTargetWheels(inputs)) === undefined) await assertChoosable(inputs);
}

function inputsOf(tools: WheelTools, { config, platform, base, locked, builder }: WheelWish): WheelInputs {
  const { python } = base;
  const { machine } = parseArchitecture(platform);
  const [major = 2, minor = 0] = base.base.glibc.split('.').map(Number);
  return {
    ...tools,
    ...(locked === undefined ? {} : { locked }),
    ...(builder === undefined ? {} : { builder }),
    buildPlace: buildPlaceOf(base, config),
    remembersRefusals: config.buildWheels !== 'never',
    selection: {
      environment: targetMarkerEnvironment(platform, python.version, python.fullVersion),
      extras: config.extras,
      groups: config.groups,
    },
    target: {
      python: python.version,
      ...(isFreeThreadedAbi(python.abi) ? { freeThreaded: true } : {}),
      glibc: { major, minor },
      architecture: machine,
    },
  };
}

/** A wheel that is built stays the same while these do. */
function buildPlaceOf({ base, python }: ResolvedBase, config: ResolvedConfig): string {
  const { buildPackages, buildConstraints } = config;
  const place = base.provider === 'image' ? base.digest : [base.provider, base.suite];
  return canonicalJson({ place, interpreter: python.interpreter, buildPackages, buildConstraints });
}

/** Layering needs sizes: where neither lock nor index says one, the wheel is fetched now rather than later. */
async function withSize(tools: WheelTools, wheel: PlannedWheel, url: string | undefined): Promise<PlannedWheel> {
  if (wheel.size !== undefined || url === undefined) return wheel;
  const known = await tools.cache.readRecord('blob-size', wheel.sha256);
  if (typeof known === 'number') return { ...wheel, size: known };
  const source = { url, digest: wheel.sha256, name: wheel.filename, ...headersFor(tools.resolver, url) };
  tools.cache.sources.set(wheel.sha256, 'index');
  const file = await downloadBlob(tools.context, source, tools.cache);
  const { size } = await stat(file);
  await tools.cache.writeRecord('blob-size', wheel.sha256, size);
  return { ...wheel, size };
}

/** Credentials of the index, for an address of it. */
export function headersFor(resolver: Resolver, url: string): { headers?: Readonly<Record<string, string>> } {
  const credentials = resolver.config.credentials(url);
  if (credentials === undefined) return {};
  const token = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return { headers: { authorization: `Basic ${token}` } };
}
