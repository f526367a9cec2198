import type { DebianSource } from './mirror-choice.ts';

/** Archives of one suite, for the apt of an image. */
export interface SuiteSources {
  /** `trixie` */
  readonly suite: string;
  readonly archive: string;
  readonly securityArchive: string;
  readonly extraSources: readonly DebianSource[];
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Sources in the deb822 style (sources.list(5)), or undefined where an archive is no address that a container can reach. */
export function renderAptSources({ suite, archive, securityArchive, extraSources }: SuiteSources): string | undefined {
  if (!/^https?:\/\//.test(archive)) return undefined;
  const stanza = (uri: string, suites: string, components: string, key: string): string =>
    ['Types: deb', `URIs: ${uri}`, `Suites: ${suites}`, `Components: ${components}`, `Signed-By:${key}`, ''].join('\n');
  return [
    stanza(archive, `${suite} ${suite}-updates`, 'main', ` ${keyring}`),
    ...(/^https?:\/\//.test(securityArchive)
      ? [stanza(securityArchive, `${suite}-security`, 'main', ` ${keyring}`)]
      : []),
    ...extraSources.map((one) => stanza(one.uri, one.suite, one.components.join(' '), inlineKey(one.key))),
  ].join('\n');
}

/** A key inside the field: each line set in, empty ones as a dot (apt 2.4 and newer). */
function inlineKey(key: string): string {
  return `\n${key
    .trim()
    .split(/\r?\n/)
    .map((line) => ` ${line.trim() === '' ? '.' : line.trim()}`)
    .join('\n')}`;
}
