import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTextIfThere } from '../base/atomic-file.ts';
import { type AptLogin, readAptLogins } from './apt-auth.ts';
import { type AptOptions, isAptFalse, listFiles, readAptOptions } from './apt-config.ts';
import { parseDeb822, words } from './deb822.ts';

/** Where the machine's apt gets Debian from, whatever the release it runs. */
export interface AptSources {
  /** Address of a Debian archive, without a final `/`. */
  readonly mirror?: string;
  /** Address of the archive of security fixes. */
  readonly securityMirror?: string;
  /** The file that says so, for explaining. */
  readonly file?: string;
  /** False where apt is told not to mind `Valid-Until`. */
  readonly checksValidUntil: boolean;
  /** Proxies that apt is told to use, by scheme of the address. */
  readonly proxies: { readonly http?: string; readonly https?: string };
  /** Files of certificates that apt trusts for https. */
  readonly certificateFiles: readonly string[];
  /** False where apt is told not to check certificates. */
  readonly checksCertificates: boolean;
  /** User names and passwords by address. */
  readonly logins: readonly AptLogin[];
}

/** One archive and suite that apt asks. */
export interface Source {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly checksValidUntil?: boolean;
  readonly file: string;
}

const releases =
  'buster|bullseye|bookworm|trixie|forky|duke|sid|unstable|testing|stable|oldstable|oldoldstable|experimental';
const suitePattern = new RegExp(`^(?:${releases})(?:-updates|-backports|-proposed-updates)?$`);
const securityPattern = new RegExp(`^(?:${releases})(?:-security|/updates)$`);

/** Reads sources.list(5) files and apt.conf(5) below `root`, which is `/etc/apt` on a real machine. */
export async function readAptSources(root: string): Promise<AptSources> {
  const folder = join(root, 'sources.list.d');
  const [options, logins, oneLine, stanzas] = await Promise.all([
    readAptOptions(root),
    readAptLogins(root),
    listFiles(folder, /\.list$/),
    listFiles(folder, /\.sources$/),
  ]);
  const sources = (
    await Promise.all([
      ...[join(root, 'sources.list'), ...oneLine].map(async (file) => parseSourcesList(await textOf(file), file)),
      ...stanzas.map(async (file) => parseSourcesFile(await textOf(file), file)),
    ])
  ).flat();
  const usable = await withMirrorLists(sources.filter((source) => source.components.includes('main')));
  const main = usable.find((source) => suitePattern.test(source.suite));
  const security = usable.find((source) => securityPattern.test(source.suite));
  const chosen = [main, security].filter((source) => source !== undefined);
  return {
    ...(main === undefined ? {} : { mirror: main.uri, file: main.file }),
    ...(security === undefined ? {} : { securityMirror: security.uri }),
    checksValidUntil:
      !isAptFalse(options.get('acquire::check-valid-until')) &&
      chosen.every((source) => source.checksValidUntil !== false),
    proxies: proxiesOf(options),
    certificateFiles: certificateFilesOf(options),
    checksCertificates: !isAptFalse(options.get('acquire::https::verify-peer')),
    logins,
  };
}

async function textOf(file: string): Promise<string> {
  return (await readTextIfThere(file)) ?? '';
}

function proxiesOf(options: AptOptions): AptSources['proxies'] {
  const http = options.get('acquire::http::proxy');
  const https = options.get('acquire::https::proxy') ?? http;
  const usable = (value: string | undefined): value is string => value !== undefined && /^https?:\/\//.test(value);
  return { ...(usable(http) ? { http } : {}), ...(usable(https) ? { https } : {}) };
}

/** `Acquire::https::CAInfo`, and that of a single host, `Acquire::https::HOST::CAInfo` (apt-transport-https(1)). */
function certificateFilesOf(options: AptOptions): readonly string[] {
  const files = [...options].filter(([name]) => /^acquire::https::(?:[^:]+::)?cainfo$/.test(name));
  return [...new Set(files.map(([, file]) => file).filter((file) => file !== ''))];
}

/** One-line style: `deb [option=value] uri suite component...` (sources.list(5)). */
export function parseSourcesList(text: string, file: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)\s*(?:#.*)?$/.exec(line);
    if (match === null) return [];
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const validUntil = /(?:^|\s)check-valid-until=(\S+)/i.exec(options)?.[1];
    return [sourceOf(uri, suite, words(components), file, validUntil)];
  });
}

/** deb822 style (sources.list(5), "DEB822-STYLE FORMAT"). */
export function parseSourcesFile(text: string, file: string): Source[] {
  return parseDeb822(text, file, { comments: true }).flatMap((stanza) => {
    const isOn = !isAptFalse(stanza.get('enabled'));
    if (!isOn || !words(stanza.get('types')).includes('deb')) return [];
    const components = words(stanza.get('components'));
    const validUntil = stanza.get('check-valid-until');
    return words(stanza.get('suites')).flatMap((suite) =>
      words(stanza.get('uris')).map((uri) => sourceOf(uri, suite, components, file, validUntil)),
    );
  });
}

function sourceOf(
  uri: string,
  suite: string,
  components: readonly string[],
  file: string,
  validUntil: string | undefined,
): Source {
  return {
    uri: uri.replace(/\/+$/, ''),
    suite: suite.replace(/\/+$/, ''),
    components,
    file,
    ...(isAptFalse(validUntil) ? { checksValidUntil: false } : {}),
  };
}

/** Keeps http and https; `mirror+file:` names a file of addresses (apt-transport-mirror(1)), whose first usable one is taken. */
async function withMirrorLists(sources: readonly Source[]): Promise<readonly Source[]> {
  const resolved: Source[] = [];
  for (const source of sources) {
    if (isWebAddress(source.uri)) resolved.push(source);
    if (!source.uri.startsWith('mirror+file:')) continue;
    const path = fileURLToPath(source.uri.slice('mirror+'.length).replace(/^file:\/*/, 'file:///'));
    const uri = ((await readTextIfThere(path)) ?? '')
      .split('\n')
      .map((line) => line.trim().split(/\s/)[0] ?? '')
      .find(isWebAddress);
    if (uri !== undefined) resolved.push({ ...source, uri: uri.replace(/\/+$/, '') });
  }
  return resolved;
}

function isWebAddress(text: string): boolean {
  return /^(?:https?:\/\/|file:)/.test(text);
}
