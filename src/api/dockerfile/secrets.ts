import type { Context } from '../../base/context.ts';
import { isTareError } from '../../base/errors.ts';
import { findMirrorProfile } from '../../config/mirror-profiles.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import { aptLoginFor, readAptLogins } from '../../debian/apt-auth.ts';
import { resolveMirrors } from '../../debian/mirror-choice.ts';
import { renderAptSources } from '../../debian/render-sources.ts';
import type { DockerfileSecret, LockSource, SecretId } from '../../dockerfile/types.ts';
import type { BuildSecret } from '../../engine/builders/types.ts';
import { readTrustedCertificates } from '../../http/certificates.ts';
import type { Project } from '../../project/project.ts';
import { type IndexConfig, readIndexConfig, withUserInfo } from '../../python/index-config.ts';
import { nameDebian } from '../indexes/debian.ts';
import { configurationInput } from '../indexes/resolver.ts';

export interface SecretSource {
  readonly config: ResolvedConfig;
  readonly project: Project;
  /** Of the base image, `trixie`; absent where it is not Debian. */
  readonly suite?: string;
  readonly lock: LockSource;
  /** Indexes that the project's own files name. */
  readonly indexes: readonly string[];
}

/**
 * The texts of the secrets that a Dockerfile can read, from what is configured on this machine: settings of pip and uv, netrc, apt, and
 * certificates. What is not configured is left out: the step then asks upstream.
 */
export async function composeSecrets(
  context: Context,
  wanted: readonly DockerfileSecret[],
  source: SecretSource,
): Promise<readonly BuildSecret[]> {
  const index = await indexConfigOf(context, source);
  const texts: Readonly<Record<SecretId, () => Promise<string | undefined>>> = {
    pip_conf: async () => renderPipConf(index),
    netrc: async () => renderNetrc(index, source.indexes),
    uv_toml: async () => ((await locksOtherIndexes(source, index)) ? undefined : renderUvToml(index)),
    apt_sources: () => aptSources(context, source),
    ca: () => certificateBundle(context, index),
  };
  const secrets: BuildSecret[] = [];
  for (const { id } of wanted) {
    const content = await texts[id]();
    if (content !== undefined) secrets.push({ id, content });
  }
  return secrets;
}

async function indexConfigOf(context: Context, { config, project }: SecretSource): Promise<IndexConfig> {
  const configured = await readIndexConfig(await configurationInput(context, project));
  return config.mirror === undefined
    ? configured
    : { ...configured, indexUrl: findMirrorProfile(config.mirror).pythonIndex };
}

/** Addresses alone: a folder of this machine is not in the container. */
function addresses(list: readonly string[]): readonly string[] {
  return list.filter((one) => /^https?:\/\//i.test(one));
}

/** pip's configuration file, or undefined where it would say nothing. The password stands in the address, as pip takes it. */
export function renderPipConf(index: IndexConfig): string | undefined {
  const signed = (url: string): string => withUserInfo(url, index.credentials(url));
  const list = (name: string, values: readonly string[]): readonly string[] =>
    values.length === 0 ? [] : [`${name} =`, ...values.map((value) => `    ${value}`)];
  const links = addresses(index.findLinks);
  const lines = [
    ...(index.indexUrl === undefined ? [] : [`index-url = ${signed(index.indexUrl)}`]),
    ...list('extra-index-url', index.extraIndexUrls.map(signed)),
    ...list('find-links', links.map(signed)),
    ...(index.noIndex && links.length > 0 ? ['no-index = true'] : []),
    ...list('trusted-host', index.trustedHosts),
    ...(index.proxy === undefined ? [] : [`proxy = ${index.proxy}`]),
  ];
  return lines.length === 0 ? undefined : `[global]\n${lines.join('\n')}\n`;
}

/** uv's configuration file; it finds passwords in netrc. Indexes that a project marks as its own stand in the project's files. */
export function renderUvToml(index: IndexConfig): string | undefined {
  const text = (value: string): string => JSON.stringify(value);
  const links = addresses(index.findLinks);
  const lines = [
    ...(links.length === 0 ? [] : [`find-links = [${links.map(text).join(', ')}]`]),
    ...(index.noIndex && links.length > 0 ? ['no-index = true'] : []),
    ...(index.trustedHosts.length === 0 ? [] : [`allow-insecure-host = [${index.trustedHosts.map(text).join(', ')}]`]),
    ...index.extraIndexUrls.flatMap((url) => ['[[index]]', `url = ${text(url)}`]),
    ...(index.indexUrl === undefined ? [] : ['[[index]]', `url = ${text(index.indexUrl)}`, 'default = true']),
  ];
  return lines.length === 0 ? undefined : `${lines.join('\n')}\n`;
}

/** Entries for the indexes that are asked, and for no other host: a step may run code of other people. */
export function renderNetrc(index: IndexConfig, ofProject: readonly string[]): string | undefined {
  const hosts = new Map<string, string>();
  const asked = [index.indexUrl ?? '', ...index.extraIndexUrls, ...index.findLinks, ...ofProject];
  for (const url of addresses(asked)) {
    const login = index.credentials(url);
    const { hostname } = new URL(url);
    if (login === undefined || hosts.has(hostname)) continue;
    hosts.set(hostname, `machine ${hostname} login ${netrcWord(login.username)} password ${netrcWord(login.password)}`);
  }
  return hosts.size === 0 ? undefined : `${[...hosts.values()].join('\n')}\n`;
}

/** Python's netrc reads words in quotes with backslashes. */
function netrcWord(word: string): string {
  return /^[^\s"\\#]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** `uv sync --locked` compares the indexes of the lock with those of the configuration. */
async function locksOtherIndexes({ lock, project }: SecretSource, index: IndexConfig): Promise<boolean> {
  if (lock.kind !== 'uv') return false;
  const text = (await project.readText('uv.lock')) ?? '';
  const locked = [...text.matchAll(/\bregistry = "(https?:[^"]+)"/g)].map(([, url = '']) => withoutSlash(url));
  const configured = [...(index.indexUrl === undefined ? [] : [index.indexUrl]), ...index.extraIndexUrls];
  return locked.length > 0 && !configured.some((url) => locked.includes(withoutSlash(url)));
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

async function aptSources(context: Context, { config, project, suite }: SecretSource): Promise<string | undefined> {
  if (suite === undefined) return undefined;
  try {
    const mirrors = await resolveMirrors(context, await nameDebian(config, project.root));
    const logins = await readAptLogins('/etc/apt');
    const signed = (uri: string): string => {
      const login = aptLoginFor(logins, uri);
      return withUserInfo(uri, login === undefined ? undefined : { username: login.login, password: login.password });
    };
    return renderAptSources({
      suite,
      archive: signed(mirrors.archive),
      securityArchive: signed(mirrors.securityArchive),
      extraSources: mirrors.extraSources.map((one) => ({ ...one, uri: signed(one.uri) })),
    });
  } catch (error) {
    if (isTareError(error) && error.code === 'DEBIAN_MIRROR_MISSING') return undefined;
    throw error;
  }
}

/** Everything that this machine trusts, where that is more than what everybody does. */
async function certificateBundle(context: Context, index: IndexConfig): Promise<string | undefined> {
  const files = index.certificate === undefined ? [] : [index.certificate];
  const { certificates } = await readTrustedCertificates(context.env, files);
  return certificates === undefined ? undefined : certificates.join('');
}
