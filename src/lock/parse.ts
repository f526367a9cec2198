import * as v from 'valibot';
import { isTareError, TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isPackageFile, isPackageName } from '../debian/package.ts';
import { parseRelations } from '../debian/relation.ts';
import { parseDebianVersion } from '../debian/version.ts';
import { normalizedName } from '../python/package-name.ts';
import { parseToml } from '../python/toml.ts';
import { parseWheelName } from '../python/wheel-name.ts';
import { parseArchitecture } from '../plan/target.ts';
import { lockSchema, type RawBuild, type RawPackage, type RawTarget } from './schema.ts';
import {
  type IndexState,
  type Lock,
  type LockedBase,
  lockFile,
  type LockedPackage,
  type LockedTarget,
  type LockedWheel,
  lockVersion,
} from './types.ts';

const hint = 'undo the edit, or remove the file and run `tare lock`';

/**
 * Reads the text of a `tare.lock`. Throws `IMAGE_LOCK_CONFLICT` for one that git could not merge, `IMAGE_LOCK_NEWER` for that of
 * a newer tare, `IMAGE_LOCK_INVALID` for everything else that is not one.
 */
export function parseLock(text: string): Lock {
  assertMerged(text);
  const value = parseText(text);
  assertVersion(value['version']);
  const parsed = v.safeParse(lockSchema, value, { abortEarly: true });
  if (!parsed.success) throw shapeError(parsed.issues[0]);
  const { project, tools, target = [] } = parsed.output;
  const targets = target.map((one, at) => parseTarget(one, `target ${at + 1}, ${one.platform}`));
  assertUnique(
    targets.map((one) => one.platform),
    'the target',
    lockFile,
  );
  return { project, tools: { tare: tools.tare, ...(tools.uv === undefined ? {} : { uv: tools.uv }) }, targets };
}

function assertMerged(text: string): void {
  const at = text.split('\n').findIndex((line) => /^(?:<{7}|>{7}|\|{7})(?:\s|$)/.test(line));
  if (at === -1) return;
  throw new TareError({
    code: 'IMAGE_LOCK_CONFLICT',
    message: `\`${lockFile}\` holds both sides of a merge that git could not do`,
    where: `${lockFile}:${at + 1}`,
    hint: `take one side (\`git checkout --ours ${lockFile}\`) and run \`tare lock\`: it adds what the other side changed`,
  });
}

function parseText(text: string): Readonly<Record<string, unknown>> {
  try {
    return parseToml(text, lockFile, limits.lockFile);
  } catch (error) {
    if (!isTareError(error)) throw error;
    throw invalid(error.message, error.where ?? lockFile, error);
  }
}

function assertVersion(version: unknown): void {
  const number = Number(version);
  if (!(typeof version === 'number' || typeof version === 'bigint') || !(number > lockVersion)) return;
  throw new TareError({
    code: 'IMAGE_LOCK_NEWER',
    message: `\`${lockFile}\` was made by a newer tare`,
    where: lockFile,
    expected: `version = ${lockVersion}`,
    actual: `version = ${version}`,
    hint: 'update tare, or remove the file and run `tare lock`',
  });
}

function shapeError(issue: v.BaseIssue<unknown>): TareError {
  const path = v.getDotPath(issue) ?? 'the whole file';
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  return new TareError({
    code: 'IMAGE_LOCK_INVALID',
    message: isUnknown
      ? `\`${lockFile}\` has an unknown key \`${path}\``
      : `\`${lockFile}\` has an unexpected value at \`${path}\``,
    where: lockFile,
    ...(isUnknown ? {} : { expected: expectedOf(issue), actual: issue.received.slice(0, 100) }),
    hint,
  });
}

function expectedOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'regex') return issue.message;
  return issue.expected ?? 'another value';
}

function invalid(message: string, where: string, cause?: unknown): TareError {
  return new TareError({
    code: 'IMAGE_LOCK_INVALID',
    message: `\`${lockFile}\` cannot be used: ${message}`,
    where,
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What an inner parser refuses is the lock's fault. */
function parseTarget(raw: RawTarget, where: string): LockedTarget {
  try {
    return targetOf(raw, where);
  } catch (error) {
    if (!isTareError(error) || error.code.startsWith('IMAGE_LOCK')) throw error;
    throw invalid(error.message, `${lockFile} (${where})`, error);
  }
}

function targetOf(raw: RawTarget, where: string): LockedTarget {
  const { debian, platform } = parseArchitecture(raw.platform);
  const base = baseOf(raw.base, debian);
  const system = (raw.system ?? []).map((one) => ({
    ...packageOf(one, debian),
    unpackedSize: one['unpacked-size'],
    chain: one.chain,
    reason: one.reason,
  }));
  const names = [...(base.provider === 'image' ? [] : base.packages), ...system].map((one) => one.name);
  assertUnique(names, 'the Debian package', where);
  const { version, abi, 'full-version': fullVersion } = raw.python;
  return {
    platform,
    python: { version, ...(fullVersion === undefined ? {} : { fullVersion }), abi },
    base,
    system: { ...indexOf(raw['system-index'] ?? {}), packages: system },
    ...wheelsOf(raw, where),
    ...(raw.debug === undefined ? {} : { debug: packageOf(raw.debug, debian) }),
    inputs: raw.inputs,
  };
}

function baseOf(raw: RawTarget['base'], architecture: string): LockedBase {
  if (raw.provider === 'image') return raw;
  const packages = (raw.package ?? []).map((one) => packageOf(one, architecture));
  const root = { suite: raw.suite, ...indexOf(raw), packages };
  if (raw.provider === 'debian') return { provider: 'debian', ...root };
  const { filename, sha256, size } = raw.archive;
  if (!/^[A-Za-z0-9+._-]+$/.test(filename)) throw invalid(`\`${filename}\` is no file name`, lockFile);
  return {
    provider: 'standalone',
    ...root,
    archive: { filename, sha256, ...(size === undefined ? {} : { size }) },
  };
}

function indexOf(raw: Pick<RawTarget['base'] & { provider: 'debian' }, 'index' | 'index-date'>): {
  readonly index?: IndexState;
} {
  const { index, 'index-date': date } = raw;
  if (index === undefined && date === undefined) return {};
  if (index === undefined || date === undefined) throw invalid('`index` and `index-date` belong together', lockFile);
  return { index: { digest: index, date } };
}

function packageOf(raw: RawPackage, architecture: string): LockedPackage {
  const { name, filename, sha256, size } = raw;
  const where = `${lockFile}, package ${name}`;
  if (!isPackageName(name)) throw invalid(`\`${name}\` is no name of a Debian package`, lockFile);
  if (!isPackageFile(filename)) throw invalid(`\`${filename}\` is no path of a package in an archive`, where);
  const relations = (text = '') => parseRelations(text, architecture, where);
  return {
    name,
    version: parseDebianVersion(raw.version, where),
    architecture: raw.architecture ?? architecture,
    filename,
    sha256,
    size,
    installedSize: raw['installed-size'],
    multiArch: raw['multi-arch'] ?? 'no',
    priority: raw.priority ?? 'optional',
    depends: relations(raw.depends),
    conflicts: relations(raw.conflicts),
    provides: relations(raw.provides),
    ...(raw['index-date'] === undefined ? {} : { indexDate: raw['index-date'] }),
  };
}

function buildOf({ sha256, commit, ...one }: RawBuild): NonNullable<LockedWheel['built']> {
  return { ...one, ...(sha256 === undefined ? {} : { sha256 }), ...(commit === undefined ? {} : { commit }) };
}

/** The digest of the dependencies stands there exactly where they were resolved. */
function wheelsOf({ inputs, wheel }: RawTarget, where: string): { readonly wheels?: readonly LockedWheel[] } {
  if (inputs.wheels['dependencies'] === undefined) {
    if (wheel === undefined) return {};
    throw invalid('there are wheels, and nothing says what they were resolved from', `${lockFile} (${where})`);
  }
  const wheels = (wheel ?? []).map(({ size, built, ...one }) => ({
    ...one,
    ...(size === undefined ? {} : { size }),
    ...(built === undefined ? {} : { built: buildOf(built) }),
  }));
  for (const { name, filename } of wheels) {
    if (parseWheelName(filename).name === normalizedName(name)) continue;
    throw invalid(`\`${filename}\` is no wheel of \`${name}\``, `${lockFile} (${where})`);
  }
  assertUnique(
    wheels.map((one) => normalizedName(one.name)),
    'the distribution',
    where,
  );
  return { wheels };
}

function assertUnique(names: readonly string[], what: string, where: string): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return;
  throw invalid(`${what} \`${twice}\` stands there twice`, where === lockFile ? where : `${lockFile} (${where})`);
}
