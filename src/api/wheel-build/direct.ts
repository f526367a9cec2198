import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Because } from '../../base/because.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import { resolveRevision } from '../../engine/git-source.ts';
import type { DependencySource } from '../../plan/lock.ts';
import type { WheelSource } from '../../plan/wheels.ts';
import type { ArchiveSource, BuildSource } from '../../python/build-source.ts';
import { type GitReference, parseDirectSource } from '../../python/direct-source.ts';
import { evaluateMarker } from '../../python/marker.ts';
import type { PackageName } from '../../python/package-name.ts';
import { filenameOfLocation, nameOfLocation, parseLocation } from '../../python/requirement-location.ts';
import { parseRequirement, type Requirement } from '../../python/requirement.ts';
import { isSdistFilename } from '../../python/wheel-choice.ts';
import type { WheelInputs } from '../wheels/resolution.ts';
import { assertAllowed, buildSource } from './choose.ts';

export type Question = Extract<DependencySource, { requirements: string }>;

/** A wheel in a folder that the resolver is shown: an empty one, or one that was built. */
export interface Link {
  readonly name: string;
  readonly version: string;
  readonly built?: WheelSource;
}

/** Requirements that name a repository or a source archive are built first: then each is the file that came of it. */
export async function buildNamed(
  inputs: WheelInputs,
  folder: string,
  source: Question,
  links: Map<string, Link>,
): Promise<Question> {
  const lines: string[] = [];
  for (const line of source.requirements.split('\n')) {
    const named = namedSource(line);
    if (named === undefined) {
      lines.push(line);
      continue;
    }
    const { requirement, direct } = named;
    if (requirement.marker !== undefined && !evaluateMarker(requirement.marker, inputs.selection.environment)) continue;
    const { name, extras } = requirement;
    const file = await buildDirect(inputs, name, direct, source.because);
    const { filename, sha256, version } = file.wheel;
    await copyFile(inputs.cache.blobPath(sha256), join(folder, filename));
    links.set(filename, { name, version, built: file });
    const suffix = extras.length === 0 ? '' : `[${extras.join(',')}]`;
    lines.push(`${name}${suffix} @ ${pathToFileURL(join(folder, filename)).href}`);
  }
  return { ...source, requirements: lines.join('\n') };
}

/**
 * What a line of requirements names that is to be built; undefined for all else. Throws `SOURCE_NAME_MISSING`, `SOURCE_HASH_MISSING`
 * where it would be built if that stood there, too.
 */
export function namedSource(line: string) {
  if (!/@|git\+/.test(line)) return undefined;
  const requirement = requirementOf(withName(line.replace(/\s--hash[= ].*$/, '')));
  if (requirement?.url === undefined) return undefined;
  const hash = /\s--hash[= ]sha256:([0-9a-f]{64})\b/i.exec(line)?.[1];
  const direct = parseDirectSource(withHash(requirement.url, hash));
  if (direct === undefined) assertNoSource(requirement.name, requirement.url);
  return direct === undefined ? undefined : { requirement, direct };
}

function requirementOf(line: string): Requirement | undefined {
  try {
    return parseRequirement(line);
  } catch (error) {
    // uv says what is wrong with it.
    if (isTareError(error)) return undefined;
    throw error;
  }
}

/** A bare address as pip takes it, with the name of its `#egg=` in front. */
function withName(line: string): string {
  const location = line.trimStart().startsWith('git+') ? parseLocation(line.trim()) : undefined;
  if (location === undefined) return line;
  const name = nameOfLocation(location.location)?.name;
  if (name === undefined) {
    throw new TareError({
      code: 'SOURCE_NAME_MISSING',
      message: `a git requirement says not what it is: ${location.location}`,
      expected: 'a name in front of the address',
      hint: 'write it as: NAME @ git+https://…',
    });
  }
  const marker = location.marker === undefined ? '' : ` ; ${location.marker}`;
  const extras = location.extras.length === 0 ? '' : `[${location.extras.join(',')}]`;
  return `${name}${extras} @ ${location.location}${marker}`;
}

function withHash(url: string, hash: string | undefined): string {
  if (hash === undefined || /[#&]sha256=/.test(url)) return url;
  return `${url}${url.includes('#') ? '&' : '#'}sha256=${hash}`;
}

function assertNoSource(name: PackageName, url: string): void {
  if (!/^https?:/.test(url) || !isSdistFilename(filenameOfLocation(url))) return;
  throw new TareError({
    code: 'SOURCE_HASH_MISSING',
    message: `\`${name}\` is a source archive without a hash: ${url}`,
    expected: 'the SHA-256 of the archive, so that what is built is what was meant',
    hint: 'append it to the address: #sha256=HEX',
  });
}

async function buildDirect(
  inputs: WheelInputs,
  name: PackageName,
  direct: GitReference | ArchiveSource,
  because: Because,
): Promise<WheelSource> {
  const refusal = new TareError({
    code: 'SOURCE_NOT_A_WHEEL',
    message: `\`${name}\` comes from ${direct.kind === 'archive' ? 'a source archive' : 'a git repository'}, not from a wheel`,
    ...(because.file === undefined ? {} : { where: because.file }),
    hint: 'name a wheel of it instead',
  });
  // Nobody is asked for what may not be built.
  assertAllowed(inputs, [{ name, refusal }]);
  return buildSource(inputs, { name, refusal, because, source: await sourceOf(inputs, direct) });
}

async function sourceOf(inputs: WheelInputs, direct: GitReference | ArchiveSource): Promise<BuildSource> {
  if (direct.kind === 'archive') return direct;
  const { url, revision, subdirectory } = direct;
  const commit = await resolveRevision(inputs.context, url, revision);
  return { kind: 'git', url, commit, ...(subdirectory === undefined ? {} : { subdirectory }) };
}
