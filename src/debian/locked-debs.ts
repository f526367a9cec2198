import type { BlobCache } from '../base/blob-cache.ts';
import { digestHex } from '../base/digest.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { downloadBlob } from '../http/download.ts';
import type { MirrorChoice } from './mirror-choice.ts';
import type { DebPackage } from './package.ts';

/** Where a package was had. */
export type DebSource = 'cache' | 'mirror' | 'security mirror' | 'extra source' | 'snapshot';

/** An address that may have a package which a lock names. */
interface Place {
  readonly source: DebSource;
  readonly url: string;
}

/** A package that no place has as the lock names it. */
export interface GoneDeb {
  readonly name: string;
  readonly reason: string;
  /** Where trying again may help. */
  readonly failure?: TareError;
}

/** What a place that lacks a file, or has another one by its name, fails with. */
const absentCodes = new Set(['DOWNLOAD_FAILED', 'DOWNLOAD_HASH_MISMATCH', 'DOWNLOAD_SIZE_MISMATCH', 'HTTP_FAILED']);

/** A package by the path and hash that a lock gives, from the first archive of the configuration that has it, else from the snapshot. */
export async function fetchLockedDeb(
  choice: MirrorChoice,
  one: DebPackage,
  cache: BlobCache,
  name: string,
): Promise<{ readonly file: string; readonly source: DebSource } | GoneDeb> {
  let reason = 'not there';
  let failure: TareError | undefined;
  for (const { source, url } of placesOf(choice, one)) {
    try {
      const wanted = { url, digest: one.sha256, size: one.size, name };
      return { file: await downloadBlob(choice.context, wanted, cache), source };
    } catch (error) {
      if (!isTareError(error) || !absentCodes.has(error.code)) throw error;
      if (error.code.endsWith('MISMATCH')) reason = 'another file is there by its name';
      if (error.transient) failure ??= error;
    }
  }
  return { name, reason, ...(failure === undefined ? {} : { failure }) };
}

/** Mirrors keep security fixes below `pool/updates/`: their own archive is asked first then. */
function placesOf(choice: MirrorChoice, one: DebPackage): readonly Place[] {
  const { archive, securityArchive, extraSources, snapshot } = choice;
  const own: readonly Place[] = [
    { source: 'mirror', url: `${archive}/${one.filename}` },
    { source: 'security mirror', url: `${securityArchive}/${one.filename}` },
  ];
  const isFix = one.filename.startsWith('pool/updates/');
  return [
    ...(isFix ? own.toReversed() : own),
    ...extraSources.map(({ uri }): Place => ({ source: 'extra source', url: `${uri}/${one.filename}` })),
    ...(snapshot === undefined ? [] : snapshotAddresses(snapshot, one)).map(
      (url): Place => ({ source: 'snapshot', url }),
    ),
  ];
}

/**
 * The addresses of a package at a service that keeps old ones. Placeholders: `{filename}`, the path in the archive; `{archive}`,
 * `debian` or `debian-security`; `{date}`, that of the locked state of the index and then the day after, as `20261121T091544Z`;
 * `{name}`, `{version}`, `{sha256}`. Without any it is the address of an archive.
 */
export function snapshotAddresses(pattern: string, one: DebPackage): readonly string[] {
  if (!/\{[a-z0-9]+\}/.test(pattern)) return [`${pattern.replace(/\/+$/, '')}/${one.filename}`];
  const archives = one.filename.startsWith('pool/updates/')
    ? ['debian-security', 'debian']
    : ['debian', 'debian-security'];
  const dates = one.indexDate === undefined ? [''] : datesAfter(one.indexDate);
  const addresses = archives.flatMap((archive) =>
    dates.map((date) =>
      fillIn(pattern, {
        filename: one.filename,
        archive,
        date,
        name: encodeURIComponent(one.name),
        version: encodeURIComponent(one.version),
        sha256: digestHex(one.sha256),
      }),
    ),
  );
  return [...new Set(addresses)];
}

/** A service may have seen the state only some hours after it was made. */
function datesAfter(date: string): readonly string[] {
  const start = Date.parse(date);
  const day = 24 * 60 * 60 * 1000;
  return [start, start + day].map((time) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, ''));
}

function fillIn(pattern: string, values: Readonly<Record<string, string>>): string {
  return pattern.replace(/\{([a-z0-9]+)\}/g, (all, key: string) => values[key] ?? all);
}

/** One error for all packages that are gone: trying again where that may help, else what else can be done. */
export function lockedDebsGone(choice: MirrorChoice, gone: readonly GoneDeb[]): TareError {
  const failure = gone.find((one) => one.failure !== undefined)?.failure;
  if (failure !== undefined) return failure;
  const shown = gone.slice(0, 20).map(({ name, reason }) => `  ${name} (${reason})`);
  const more = gone.length > 20 ? [`  and ${gone.length - 20} more`] : [];
  const count = gone.length === 1 ? '1 Debian package' : `${gone.length} Debian packages`;
  return new TareError({
    code: 'LOCKED_FILES_GONE',
    message: [`the mirror has ${count} of the lock no longer:`, ...shown, ...more].join('\n'),
    where: choice.archive,
    hint:
      choice.snapshot === undefined
        ? 'name a service that keeps old packages (`snapshot` in `[tool.tare.debian]`, or TARE_DEBIAN_SNAPSHOT), or an image that was built from this lock (`--base-from LAYOUT`); or move on with `tare lock --upgrade`'
        : 'the snapshot service lacks them, too: check its address, or give an image that was built from this lock (`--base-from LAYOUT`); or move on with `tare lock --upgrade`',
  });
}
