import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isTareError, systemErrorCode, TareError } from '../base/errors.ts';
import { discardBody, readBytes } from '../http/read-text.ts';
import type { MirrorChoice } from './mirror-choice.ts';
import { type ReleasePlace, type ReleaseState, readState, stateOf, writeState } from './mirror-state.ts';
import { parseRelease, type Release } from './release.ts';
import { verifyClearsigned } from './signature.ts';

const day = 24 * 60 * 60 * 1000;
/** Debian's own are about 150 kB. */
const largestRelease = 16 * 1024 * 1024;

/** A release file to open, and who may have signed it. */
export interface ReleaseSource extends ReleasePlace {
  /** Armoured. */
  readonly keys: readonly string[];
  /** The name may be that of the suite as well, or be missing: archives beside Debian's own do as they like. */
  readonly isExtra?: boolean;
}

/** What is known of a release file: from the cache while it is fresh, else fetched and verified. */
export async function openRelease(choice: MirrorChoice, source: ReleaseSource): Promise<ReleaseState> {
  const { context } = choice;
  const { codename } = source;
  const known = await readState(context, source);
  const now = context.now();
  if (context.offline) return whenOffline(choice, known, codename);
  const age = known === undefined ? Number.POSITIVE_INFINITY : now.getTime() - known.checkedAt.getTime();
  if (known !== undefined && !context.refresh && age >= 0 && age < day) {
    assertNotExpired(choice, known, codename);
    return known;
  }
  try {
    return await fetchRelease(choice, source, known);
  } catch (error) {
    const canGoOn = known !== undefined && !context.refresh && isTareError(error) && error.transient;
    if (!canGoOn) throw error;
    assertNotExpired(choice, known, codename);
    context.log.warn(
      `the Debian mirror does not answer: going on with ${codename} as it was on ${dayOf(known.checkedAt)}`,
    );
    return known;
  }
}

/** True where the mirror has no such release or, without network, nobody knows that it has. */
export function isReleaseAbsent(choice: MirrorChoice, error: unknown): boolean {
  const absent = ['DEBIAN_SUITE_MISSING', ...(choice.context.offline ? ['OFFLINE_MISSING'] : [])];
  return isTareError(error) && absent.includes(error.code);
}

async function fetchRelease(
  choice: MirrorChoice,
  source: ReleaseSource,
  known: ReleaseState | undefined,
): Promise<ReleaseState> {
  const { context } = choice;
  const { archive, codename } = source;
  const url = `${archive}/dists/${codename}/InRelease`;
  const text = await fetchText(choice, url, codename);
  const release = parseRelease(await verifyClearsigned(text, source.keys, url, context.now()), url);
  assertName(release, source, url);
  assertNotExpired(choice, release, codename);
  assertNotOlder(release, known, codename, url);
  const state = stateOf(release, context.now());
  await writeState(context, source, state);
  return state;
}

async function fetchText(choice: MirrorChoice, url: string, codename: string): Promise<string> {
  if (url.startsWith('file:')) return readLocal(url, codename);
  const response = await choice.context.http.request({ url, signal: choice.context.signal });
  if (response.status === 200) return Buffer.from(await readBytes(response, largestRelease)).toString('utf8');
  await discardBody(response);
  if (response.status === 404 || response.status === 410) throw suiteMissing(url, codename);
  throw new TareError({
    code: 'DEBIAN_MIRROR_FAILED',
    message: `the Debian mirror answered ${response.status} instead of sending the release file of ${codename}`,
    where: url,
    hint: hintFor(response.status),
    transient: response.status >= 500 || response.status === 429 || response.status === 408,
  });
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) {
    return 'give the user name and password for this host in /etc/apt/auth.conf (apt_auth.conf(5)), readable for you, or in the address';
  }
  return status === 407
    ? 'give the user name and password in the address of the proxy'
    : 'try again later, or set another `mirror` in `[tool.tare.debian]`';
}

async function readLocal(url: string, codename: string): Promise<string> {
  try {
    return await readFile(fileURLToPath(url), 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw suiteMissing(url, codename);
    throw error;
  }
}

function suiteMissing(url: string, codename: string): TareError {
  return new TareError({
    code: 'DEBIAN_SUITE_MISSING',
    message: `the mirror has no ${codename}`,
    where: url,
    hint: 'check `mirror` and `security-mirror` in `[tool.tare.debian]`: the address is the folder that holds `dists`',
  });
}

/** A mirror must not hand out another, older suite, however well it is signed. */
function assertName(release: Release, { codename, isExtra }: ReleaseSource, where: string): void {
  if (release.codename === codename) return;
  if (isExtra === true && (release.suite === codename || release.suite + release.codename === '')) return;
  throw new TareError({
    code: 'DEBIAN_SUITE_MISMATCH',
    message: 'the release file is that of another suite',
    where,
    expected: codename,
    actual: release.codename === '' ? 'no codename' : release.codename,
    hint: 'the mirror is wrong: set another `mirror` in `[tool.tare.debian]`',
  });
}

const warned = new WeakSet<object>();

function assertNotExpired(
  choice: MirrorChoice,
  release: { readonly validUntil?: Date; readonly date: Date },
  codename: string,
): void {
  const { context } = choice;
  const { validUntil } = release;
  if (validUntil === undefined || validUntil.getTime() >= context.now().getTime()) return;
  if (!choice.checksValidUntil || context.offline) {
    const why = context.offline ? 'there is no network to get a newer one' : 'apt on this machine is told not to mind';
    if (!warned.has(context.log)) {
      context.log.warn(`the Debian index ${codename} has been out of date since ${dayOf(validUntil)}, but ${why}`);
    }
    warned.add(context.log);
    return;
  }
  throw new TareError({
    code: 'DEBIAN_INDEX_EXPIRED',
    message: `the Debian index ${codename} is out of date: the mirror is stale, or somebody holds back newer packages`,
    expected: `an index that is valid on ${dayOf(context.now())}`,
    actual: `valid until ${validUntil.toISOString()}`,
    hint: 'use another `mirror` in `[tool.tare.debian]`; for a frozen snapshot, tell apt `Acquire::Check-Valid-Until "false";`',
  });
}

function assertNotOlder(release: Release, known: ReleaseState | undefined, codename: string, where: string): void {
  if (known === undefined || release.date.getTime() >= known.date.getTime()) return;
  throw new TareError({
    code: 'DEBIAN_INDEX_ROLLED_BACK',
    message: `the Debian index ${codename} is older than the one that this mirror sent before`,
    where,
    expected: `one of ${known.date.toISOString()} or newer`,
    actual: release.date.toISOString(),
    hint: 'the mirror is stale or somebody holds back newer packages: try again later, or set another `mirror`',
  });
}

function whenOffline(choice: MirrorChoice, known: ReleaseState | undefined, codename: string): ReleaseState {
  if (known === undefined) {
    throw new TareError({
      code: 'OFFLINE_MISSING',
      message: `the Debian index ${codename} is not in the cache, and --offline forbids to fetch it`,
      hint: 'run the same command once without --offline',
    });
  }
  assertNotExpired(choice, known, codename);
  return known;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
