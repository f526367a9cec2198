import { TareError } from '../base/errors.ts';
import type { BaseImage, OsRelease } from './base-image.ts';

/** Reads os-release(5): assignments as a shell has them, without expansions. Lines that are none are passed over. */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line);
    if (match !== null) values.set((match[1] ?? '').toLowerCase(), unquote(match[2] ?? ''));
  }
  const filled = (name: string): string | undefined => values.get(name) || undefined;
  const [codename, versionId] = [filled('version_codename'), filled('version_id')];
  return {
    // The defaults are the specification's.
    id: filled('id') ?? 'linux',
    idLike: (values.get('id_like') ?? '').split(/\s+/).filter((name) => name !== ''),
    ...(codename === undefined ? {} : { codename }),
    ...(versionId === undefined ? {} : { versionId }),
    prettyName: filled('pretty_name') ?? filled('name') ?? 'Linux',
  };
}

function unquote(value: string): string {
  const single = /^'([^']*)'$/.exec(value)?.[1];
  if (single !== undefined) return single;
  const double = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1];
  return (double ?? value).replace(/\\(["$`\\])/g, '$1');
}

/** Debian's releases by `VERSION_ID`: distroless images give no codename. */
const codenames: ReadonlyMap<string, string> = new Map([
  ['10', 'buster'],
  ['11', 'bullseye'],
  ['12', 'bookworm'],
  ['13', 'trixie'],
  ['14', 'forky'],
  ['15', 'duke'],
]);

/** The Debian suite that packages for the base come from. Throws `BASE_SUITE_UNKNOWN` where it is not Debian. */
export function suiteOf(base: Pick<BaseImage, 'osRelease'>): string {
  const { osRelease } = base;
  const suite = osRelease?.id === 'debian' ? debianSuite(osRelease) : undefined;
  if (suite !== undefined) return suite;
  const isLike = osRelease !== undefined && osRelease.id !== 'debian' && osRelease.idLike.includes('debian');
  throw new TareError({
    code: 'BASE_SUITE_UNKNOWN',
    message:
      osRelease === undefined
        ? 'the base does not say which distribution it is: it has no `/etc/os-release`'
        : `packages cannot be added to the base: it is ${osRelease.prettyName}${isLike ? ', which is like Debian but has packages of its own' : ''}`,
    where: '/etc/os-release',
    expected: 'a Debian release: `ID=debian` and `VERSION_CODENAME` or `VERSION_ID`',
    ...(osRelease === undefined ? {} : { actual: renderRelease(osRelease) }),
    hint: 'take a base image that is made of Debian, such as `python:3.13-slim`, or put the packages into the base yourself',
  });
}

function debianSuite(release: OsRelease): string | undefined {
  if (release.codename !== undefined) return release.codename;
  const major = release.versionId?.split('.')[0];
  if (major !== undefined) return codenames.get(major);
  // Before a release is made: `Debian GNU/Linux trixie/sid`.
  return /(\w+)\/sid\b/.exec(release.prettyName)?.[1];
}

function renderRelease({ id, codename, versionId }: OsRelease): string {
  return [`ID=${id}`, codename && `VERSION_CODENAME=${codename}`, versionId && `VERSION_ID=${versionId}`]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
}
