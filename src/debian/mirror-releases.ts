import { sha256 } from '../base/digest.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { mapLimit } from '../base/concurrency.ts';
import type { OpenedRelease } from './index-file.ts';
import type { MirrorChoice } from './mirror-choice.ts';
import { isReleaseAbsent, openRelease, type ReleaseSource } from './release-cache.ts';

/** A release that is part of a suite: Debian's own, its updates, its security fixes, or an extra source. */
export interface SuiteRelease extends OpenedRelease {
  readonly kind: 'release' | 'updates' | 'security' | 'extra';
  readonly components: readonly string[];
}

interface WantedRelease extends ReleaseSource {
  readonly kind: SuiteRelease['kind'];
  readonly components: readonly string[];
}

/** Suites that are always the newest there is have neither updates nor security fixes beside them. */
const rolling = new Set(['sid', 'unstable', 'experimental', 'rc-buggy']);

/** All releases that make up a suite; updates may be missing, and security fixes where nobody named their archive. */
export async function openReleases(choice: MirrorChoice, suite: string): Promise<readonly SuiteRelease[]> {
  const wanted = wantedReleases(choice, suite);
  const opened = await mapLimit(wanted, wanted.length, async (one) => {
    try {
      return { ...placeOf(one), state: await openRelease(choice, one) };
    } catch (error) {
      if (!mayBeAbsent(choice, one) || !isReleaseAbsent(choice, error)) throw withSource(error, one);
      return one.codename;
    }
  });
  // Said when the rest is there: a mirror that has nothing at all is another matter.
  for (const absent of opened.filter((one) => typeof one === 'string')) {
    if (absent.endsWith('-security')) warnOfMissingSecurity(choice, absent);
    else choice.context.log.debug(`the mirror has no ${absent}`);
  }
  return opened.filter((one) => typeof one !== 'string');
}

/** The release alone, without what belongs to it. */
export async function openMainRelease(choice: MirrorChoice, suite: string): Promise<SuiteRelease> {
  const source: WantedRelease = mainRelease(choice, suite);
  return { ...placeOf(source), state: await openRelease(choice, source) };
}

function mainRelease(choice: MirrorChoice, suite: string): WantedRelease {
  const { archive, keys } = choice;
  return { kind: 'release', codename: suite, archive, keys, components: ['main'] };
}

function wantedReleases(choice: MirrorChoice, suite: string): readonly WantedRelease[] {
  const main = mainRelease(choice, suite);
  const beside: readonly WantedRelease[] = rolling.has(suite)
    ? []
    : [
        { ...main, kind: 'updates', codename: `${suite}-updates` },
        { ...main, kind: 'security', codename: `${suite}-security`, archive: choice.securityArchive },
      ];
  const extra = choice.extraSources.map(
    ({ uri, suite: codename, components, key }): WantedRelease => ({
      kind: 'extra',
      codename,
      archive: uri,
      keys: [key],
      components,
      isExtra: true,
      // What another key vouched for counts for nothing here.
      trust: sha256(key),
    }),
  );
  return [main, ...beside, ...extra];
}

function placeOf({ kind, codename, archive, components, trust }: WantedRelease): Omit<SuiteRelease, 'state'> {
  return { kind, codename, archive, components, ...(trust === undefined ? {} : { trust }) };
}

function mayBeAbsent(choice: MirrorChoice, { kind }: WantedRelease): boolean {
  return kind === 'updates' || (kind === 'security' && choice.isSecurityGuessed);
}

/** For an extra source it is another key and another entry that the hint has to name. */
function withSource(error: unknown, { kind, codename }: WantedRelease): unknown {
  if (kind !== 'extra' || !isTareError(error) || !/^DEBIAN_/.test(error.code)) return error;
  const { code, message, where, expected, actual, transient } = error;
  return new TareError({
    code,
    message: `extra source ${codename}: ${message}`,
    ...(where === undefined ? {} : { where }),
    ...(expected === undefined || code === 'DEBIAN_KEY_UNKNOWN' ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
    hint: 'check `url`, `suite` and `key` of this entry in `[[tool.tare.debian.sources]]`',
    transient,
    cause: error,
  });
}

function warnOfMissingSecurity(choice: MirrorChoice, codename: string): void {
  choice.context.log.warn(
    `${codename} was not found beside the Debian mirror: the base is built without the newest security fixes`,
    'set `security-mirror` in `[tool.tare.debian]`',
  );
}
