import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Context } from '../base/context.ts';
import { isTareError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { readVersion } from '../base/own-version.ts';
import { type BuiltWay, compareWay, type FailedWay, type WayComparison } from '../compare/compare-ways.ts';
import type { InlineConfig } from '../config/schema.ts';
import { type Variant, variants } from '../dockerfile/types.ts';
import { withRunRoom } from '../engine/run-room.ts';
import { parsePlatform, renderPlatform } from '../oci/platform.ts';
import type { Plan } from '../plan/types.ts';
import { listProject } from '../project/project.ts';
import { type Cache, openCache } from '../store/cache.ts';
import { removeTree } from '../store/place.ts';
import { readLayout } from '../store/read-layout.ts';
import { build } from './build.ts';
import type { MeteredContext } from './context.ts';
import { buildWithEngine, type EngineBuildOptions } from './engine-build.ts';
import { describeAtHand } from './image/described.ts';
import { plan } from './plan.ts';
import { chooseEditedFile, copyProjectFiles, editModule } from './project/copy.ts';
import { ownPlatform } from './pull.ts';

const wayNames = [...variants, 'direct'] as const;

/** A Dockerfile variant, or the direct build. */
export type Way = (typeof wayNames)[number];

export interface CompareWaysOptions {
  /** @default all */
  readonly ways?: readonly Way[];
  /** Who builds the Dockerfiles. @default auto */
  readonly engine?: EngineBuildOptions['engine'];
  readonly builder?: string;
  /** Nothing that an earlier build kept is used, but for images that the builder has. @default false */
  readonly isCold?: boolean;
  /** Builds once more after a one-line edit, in a copy. @default false */
  readonly withEdit?: boolean;
  /** `linux/arm64`. @default the machine's own */
  readonly platform?: string;
}

/**
 * Builds the image of a project in several ways, one after the other, and compares what comes out. Images and copies are removed; what
 * engines and tare keep in their caches stays. A way that fails is a row of its own. Throws `TareError` where the project cannot be planned.
 */
export async function compareWays(
  directory: string,
  inline: InlineConfig,
  options: CompareWaysOptions,
  context: MeteredContext,
): Promise<WayComparison> {
  const platform = renderPlatform(parsePlatform(options.platform ?? ownPlatform(context)));
  const wish: InlineConfig = { ...inline, platforms: [platform] };
  const planned = await plan(directory, wish, context);
  const edited = options.withEdit === true ? chooseEditedFile(planned) : undefined;
  const built: (BuiltWay | FailedWay)[] = [];
  await withRunRoom(context, async (room) => {
    const folder = edited === undefined ? resolve(directory) : join(room, 'project', basename(resolve(directory)));
    if (edited !== undefined) await copyProject(directory, folder);
    // What planning has to say of the project was said.
    const quiet = { ...context, log: { ...context.log, warn: () => undefined } };
    for (const way of options.ways ?? wayNames) {
      const request = { way, folder, room, wish, options, ...(edited === undefined ? {} : { edited }) };
      built.push(await buildWay(request, quiet));
    }
  });
  return {
    project: planned.project.name,
    platform,
    isCold: options.isCold ?? false,
    edited: edited ?? null,
    ways: built.map(compareWay),
  };
}

/** Rules of git were followed when it was listed: what is in the copy is to be in it. */
async function copyProject(directory: string, folder: string): Promise<void> {
  const paths = await listProject(directory);
  await makeFolder(folder);
  const kept = paths.filter((path) => basename(path) !== '.gitignore');
  await copyProjectFiles(resolve(directory), kept, folder);
}

interface WayRequest {
  readonly way: Way;
  readonly folder: string;
  readonly room: string;
  readonly wish: InlineConfig;
  readonly options: CompareWaysOptions;
  /** Relative to `folder`. */
  readonly edited?: string;
}

async function buildWay(request: WayRequest, context: MeteredContext): Promise<BuiltWay | FailedWay> {
  const { way, folder, edited } = request;
  const mark = `tare-${randomBytes(6).toString('hex')}`;
  const task = context.progress.start(`building ${way}`);
  // Of this way alone; what is measured of images is kept where it always is.
  const cacheDir = join(request.room, 'cache');
  const own = request.options.isCold === true ? { ...context, cacheDir } : context;
  try {
    const first = await buildOnce(request, own, context, mark, true);
    if (edited === undefined) return first;
    const file = join(folder, edited);
    const before = await readFile(file);
    await editModule(file, mark);
    try {
      const again = await buildOnce(request, own, context, mark, false);
      return { ...first, editTime: again.time };
    } finally {
      await writeFile(file, before);
    }
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isTareError(error)) throw error;
    const { code, message, hint } = error;
    return { way, problem: { code, message, ...(hint === undefined ? {} : { hint }) } };
  } finally {
    await removeTree(cacheDir);
    task.done();
  }
}

async function buildOnce(
  { way, folder, room, wish, options }: WayRequest,
  own: MeteredContext,
  context: MeteredContext,
  mark: string,
  isFirst: boolean,
): Promise<BuiltWay> {
  const out = join(room, 'image');
  const inline: InlineConfig = { ...wish, output: `oci:${out}` };
  try {
    if (way === 'direct') {
      const { report, plan: planned } = await build(folder, inline, own);
      const time = report.timings['total'] ?? 0;
      return await describeWay(
        { way, time, builtBy: `tare ${readVersion()}`, base: baseNameOf(planned) },
        out,
        context,
      );
    }
    const { report } = await buildWithEngine(folder, inline, engineOptions(way, options, mark, isFirst), context);
    const time = report.timings['build'] ?? 0;
    return await describeWay({ way, time, builtBy: report.engine.title, base: report.base.name }, out, context);
  } finally {
    await removeTree(out);
  }
}

function engineOptions(
  variant: Variant,
  { engine = 'auto', builder, isCold = false }: CompareWaysOptions,
  mark: string,
  isFirst: boolean,
): EngineBuildOptions {
  return {
    engine,
    variant,
    ...(builder === undefined ? {} : { builder }),
    ...(isCold ? { cacheMark: mark, noCache: isFirst } : {}),
  };
}

async function describeWay(
  told: Pick<BuiltWay, 'way' | 'time' | 'builtBy'> & { readonly base: string | undefined },
  layout: string,
  context: Context,
): Promise<BuiltWay> {
  const cache: Cache = openCache(context.cacheDir);
  const image = await describeAtHand(told.way, await readLayout(layout), cache, context, true);
  const { way, time, builtBy, base = image.base.name } = told;
  return { way, time, builtBy, image: { ...image, base: { ...image.base, name: base } } };
}

function baseNameOf({ targets: [target] }: Plan): string | undefined {
  if (target === undefined || target.base.provider === 'image') return undefined;
  return target.base.provider === 'debian'
    ? `Debian ${target.base.suite}`
    : `Debian ${target.base.suite}, Python of an archive`;
}
