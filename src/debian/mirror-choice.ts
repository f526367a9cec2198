import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { createHttpClient } from '../http/client.ts';
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
  /** Instead of `/etc/apt`. */
  readonly aptRoot?: string;
}

/** Which archives to ask, and how. Addresses without a final `/`. */
export interface MirrorChoice {
  readonly archive: string;
  readonly securityArchive: string;
  /** True where nobody named the security archive and it was looked for beside the other one. */
  readonly isSecurityGuessed: boolean;
  readonly checksValidUntil: boolean;
  readonly keys: readonly string[];
  /** The context whose client uses apt's proxies where the environment names none. */
  readonly context: Context;
}

export async function resolveMirrors(context: Context, config: DebianMirrorConfig): Promise<MirrorChoice> {
  const apt = await readAptSources(config.aptRoot ?? '/etc/apt');
  const archive = config.mirror ?? apt.mirror;
  if (archive === undefined) throw mirrorMissing();
  const named = config.securityMirror ?? (config.mirror === undefined ? apt.securityMirror : undefined);
  return {
    archive: archive.replace(/\/+$/, ''),
    securityArchive: (named ?? besides(archive)).replace(/\/+$/, ''),
    isSecurityGuessed: named === undefined,
    checksValidUntil: apt.checksValidUntil,
    keys: [...(await readArchiveKeys()), ...(config.keys ?? [])],
    context: withAptProxies(context, apt.proxies),
  };
}

/** Mirrors that carry both archives have `debian-security` beside `debian`. */
function besides(archive: string): string {
  return `${archive.replace(/\/+$/, '')}-security`;
}

/** The environment's own proxies win, as they do in apt. */
export function withAptProxies(context: Context, proxies: AptSources['proxies']): Context {
  const env = {
    ...(proxies.http === undefined ? {} : { http_proxy: proxies.http }),
    ...(proxies.https === undefined ? {} : { https_proxy: proxies.https }),
    ...definedOf(context.env),
  };
  const isNew = (name: string): boolean =>
    name in env && context.env[name] === undefined && context.env[name.toUpperCase()] === undefined;
  if (!isNew('http_proxy') && !isNew('https_proxy')) return context;
  return {
    ...context,
    http: createHttpClient({ env, userAgent: 'tare', signal: context.signal, warn: context.log.warn }),
  };
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
