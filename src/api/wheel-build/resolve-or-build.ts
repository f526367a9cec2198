import { copyFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Because } from '../../base/because.ts';
import { isTareError } from '../../base/errors.ts';
import { sortedBy } from '../../base/order.ts';
import { withRunRoom } from '../../engine/run-room.ts';
import type { WheelSource } from '../../plan/wheels.ts';
import type { LockedDistribution } from '../../python/locked.ts';
import { normalizedName, parsePackageName } from '../../python/package-name.ts';
import { parsePylock, selectFromPylock } from '../../python/pylock.ts';
import { sdistVersion } from '../../python/sdist-name.ts';
import { renderStubWheel } from '../../python/stub-wheel.ts';
import type { WheelInputs } from '../wheels/resolution.ts';
import { chooseOrBuild } from './choose.ts';
import { buildNamed, type Link, type Question } from './direct.ts';

/** More packages without a wheel than any project has. */
const mostRounds = 60;

/**
 * What the resolver chooses, each with a wheel. Of packages that have none for the target it is shown empty wheels in all versions that
 * there are; those that it chooses are built, and it is asked again with what they really need.
 */
export async function resolveOrBuild(
  inputs: WheelInputs,
  source: Question,
  because: Because,
): Promise<readonly WheelSource[]> {
  const links = new Map<string, Link>();
  return withRunRoom(inputs.context, async (folder) => {
    const question = await buildNamed(inputs, folder, source, links);
    for (let round = 0; ; round++) {
      try {
        const chosen = await resolveRound(inputs, question, because, links.size === 0 ? undefined : folder);
        const stubs = chosen.filter((one) => isStub(one, links));
        if (stubs.length === 0) return await finish(inputs, chosen, links);
        for (const one of stubs) await buildStub(inputs, folder, one, links);
      } catch (error) {
        if (round === mostRounds || !isTareError(error) || error.code !== 'RESOLVE_IMPOSSIBLE') throw error;
        if (!(await showSources(inputs, folder, error.hint ?? '', links))) throw error;
      }
    }
  });
}

async function resolveRound(
  inputs: WheelInputs,
  source: Question,
  because: Because,
  folder: string | undefined,
): Promise<readonly LockedDistribution[]> {
  const text = await inputs.resolver.resolve(source, inputs.target, inputs.locked?.preferred, folder);
  const pylock = parsePylock(text, 'the resolver’s answer');
  const selected = selectFromPylock(pylock, { ...inputs.selection, extras: [], groups: [] });
  return selected.map((one) => ({ ...one, because }));
}

/** Which file of the folder was chosen. */
function linkOf(one: LockedDistribution, links: ReadonlyMap<string, Link>): Link | undefined {
  const [file] = one.files.flatMap(({ filename, kind }) => (kind === 'wheel' ? [links.get(filename)] : []));
  return file ?? [...links.values()].find((link) => link.name === one.name && link.version === one.version);
}

function isStub(one: LockedDistribution, links: ReadonlyMap<string, Link>): boolean {
  const link = linkOf(one, links);
  return link !== undefined && link.built === undefined;
}

/** The real wheel in place of the empty one. */
async function buildStub(
  inputs: WheelInputs,
  folder: string,
  one: LockedDistribution,
  links: Map<string, Link>,
): Promise<void> {
  const distribution: LockedDistribution = { ...one, files: [], hashes: [], source: { kind: 'index' } };
  const [built] = await chooseOrBuild(inputs, [distribution]);
  if (built === undefined) throw new Error('a distribution without a file');
  for (const [filename, link] of links) {
    if (link.name !== one.name || link.version !== one.version) continue;
    await rm(join(folder, filename), { force: true });
    links.delete(filename);
  }
  await copyFile(inputs.cache.blobPath(built.wheel.sha256), join(folder, built.wheel.filename));
  links.set(built.wheel.filename, { name: one.name, version: one.version, built });
}

/** All else is chosen as usual. */
async function finish(
  inputs: WheelInputs,
  chosen: readonly LockedDistribution[],
  links: ReadonlyMap<string, Link>,
): Promise<readonly WheelSource[]> {
  const built = chosen.flatMap((one) => linkOf(one, links)?.built ?? []);
  const others = chosen.filter((one) => linkOf(one, links)?.built === undefined);
  return sortedBy([...built, ...(await chooseOrBuild(inputs, others))], (one) => one.wheel.name);
}

/** Empty wheels of the packages that uv says it lacks wheels of; false where there are none to be shown. */
async function showSources(
  inputs: WheelInputs,
  folder: string,
  said: string,
  links: Map<string, Link>,
): Promise<boolean> {
  const shown = new Set([...links.values()].map((link) => link.name));
  const names = namesWithoutWheels(said).filter((name) => !shown.has(name));
  let isShown = false;
  for (const name of names) {
    if (inputs.builder?.permission.isAllowed(name) !== true) continue;
    const client = await inputs.resolver.client();
    for (const file of await client.project(parsePackageName(name))) {
      const version = file.kind === 'sdist' ? sdistVersion(file.filename, name) : undefined;
      if (version === undefined || file.yanked !== false) continue;
      const stub = renderStubWheel(name, version, file.requiresPython);
      if (links.has(stub.filename)) continue;
      await writeFile(join(folder, basename(stub.filename)), stub.bytes);
      links.set(stub.filename, { name, version });
      isShown = true;
    }
  }
  return isShown;
}

/** uv: "Wheels are required for `docopt` because building from source is disabled for all packages". */
function namesWithoutWheels(said: string): readonly string[] {
  const found = [...said.matchAll(/Wheels are required for `([A-Za-z0-9._-]+)`/g)];
  return [...new Set(found.map((match) => normalizedName(match[1] ?? '')))];
}
