import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { createHttpClient } from '../http/client.ts';
import { withAptLogins } from './apt-auth.ts';
import { type AptSources, readAptSources } from './apt-sources.ts';
import { readArchiveKeys } from './signature.ts';

/** From `[tool.tare.debian]` and `TARE_DEBIAN_MIRROR`; whatever is absent comes from the machine's apt. */
export interface DebianMirrorConfig {
  /** Address of a Debian archive: the folder that holds `dists/` and `pool/`. */
  readonly mirror?: string;
  /** Address of the archive of security fixes. */
  readonly securityMirror?: string;
  /** Armoured public keys to trust besides Debian's own. */
  readonly keys?: readonly string[];
  /** Archives besides Debian's own, from `[[tool.tare.debian.sources]]`. */
  readonly extraSources?: readonly DebianSource[];
  /** Where packages are that the archives no longer have, see `snapshotAddresses`. */
  readonly snapshot?: string;
  /** Instead of `/etc/apt`. */
  readonly aptRoot?: string;
}

/** An archive besides Debian's own. It is trusted by its key alone, and the newest version of a package wins wherever it is. */
export interface DebianSource {
  /** Address of the archive: the folder that holds `dists/`. */
  readonly uri: string;
  /** The folder below `dists/`: `trixie-pgdg`. */
  readonly suite: string;
  readonly components: readonly string[];
  /** Armoured public key, several where they follow one another. */
  readonly key: string;
}

/** Which archives to ask, and how. Addresses without a final `/`. */
export interface MirrorChoice {
  readonly archive: string;
  readonly securityArchive: string;
  /** True where nobody named the security archive and it was looked for beside the other one. */
  readonly isSecurityGuessed: boolean;
  readonly checksValidUntil: boolean;
  /** Who may sign Debian's own release files. */
  readonly keys: readonly string[];
  readonly extraSources: readonly DebianSource[];
  readonly snapshot?: string;
  /** The context whose client uses apt's proxies, certificates and logins where the environment names none. */
  readonly context: Context;
}

export async function resolveMirrors(context: Context, config: DebianMirrorConfig): Promise<MirrorChoice> {
  const apt = await readAptSources(config.aptRoot ?? '/etc/apt');
  const archive = config.mirror ?? apt.mirror;
  if (archive === undefined) throw mirrorMissing();
  const named = config.securityMirror ?? (config.mirror === undefined ? apt.securityMirror : undefined);
  const extraSources = config.extraSources ?? [];
  if (!apt.checksCertificates) warnOfUnchecked(context, [archive, ...extraSources.map((source) => source.uri)]);
  return {
    archive: archive.replace(/\/+$/, ''),
    securityArchive: (named ?? besides(archive)).replace(/\/+$/, ''),
    isSecurityGuessed: named === undefined,
    checksValidUntil: apt.checksValidUntil,
    keys: [...(await readArchiveKeys()), ...(config.keys ?? [])],
    extraSources: extraSources.map((source) => ({ ...source, uri: source.uri.replace(/\/+$/, '') })),
    ...(config.snapshot === undefined ? {} : { snapshot: config.snapshot }),
    context: withAptNetwork(context, apt),
  };
}

const warned = new WeakSet<object>();

function warnOfUnchecked(context: Context, addresses: readonly string[]): void {
  if (warned.has(context.log) || !addresses.some((address) => /^https:/i.test(address))) return;
  warned.add(context.log);
  context.log.warn(
    'apt on this machine is told not to check certificates (`Acquire::https::Verify-Peer`); tare checks them all the same',
    'name the file of your own authority in `Acquire::https::CAInfo` or SSL_CERT_FILE',
  );
}

/** Mirrors that carry both archives have `debian-security` beside `debian`. */
function besides(archive: string): string {
  return `${archive.replace(/\/+$/, '')}-security`;
}

/** How apt reaches its mirrors. The environment's own proxies win, as they do in apt. */
export function withAptNetwork(
  context: Context,
  apt: Pick<AptSources, 'proxies' | 'certificateFiles' | 'logins'>,
): Context {
  const { proxies, certificateFiles, logins } = apt;
  const env = {
    ...(proxies.http === undefined ? {} : { http_proxy: proxies.http }),
    ...(proxies.https === undefined ? {} : { https_proxy: proxies.https }),
    ...definedOf(context.env),
  };
  const isNew = (name: string): boolean =>
    name in env && context.env[name] === undefined && context.env[name.toUpperCase()] === undefined;
  const needsClient = isNew('http_proxy') || isNew('https_proxy') || certificateFiles.length > 0;
  const http = needsClient
    ? createHttpClient({
        env,
        userAgent: 'tare',
        signal: context.signal,
        warn: context.log.warn,
        certificateFiles,
      })
    : context.http;
  const signing = withAptLogins(http, logins);
  return signing === context.http ? context : { ...context, http: signing };
}

function definedOf(env: Context['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function mirrorMissing(): TareError {
  return new TareError({
    code: 'DEBIAN_MIRROR_MISSING',
    message: 'no Debian mirror is known: this machine has no apt sources for Debian, and none is configured',
    hint: 'set `mirror = "https://MIRROR/debian"` in `[tool.tare.debian]`, or TARE_DEBIAN_MIRROR, to the mirror that is nearest to you',
  });
}
