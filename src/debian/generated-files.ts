import type { LayerEntry } from '../archive/layer-entry.ts';
import { compareText } from '../base/order.ts';
import type { DebControl } from './deb.ts';

/** The user that an image runs as. */
export const nonroot = { name: 'nonroot', uid: 65532, gid: 65532, home: '/home/nonroot' } as const;

/** Files of packages that others are made from: which paths to keep while reading. */
export function isModel(path: string): boolean {
  return (
    path === 'usr/share/libc-bin/nsswitch.conf' ||
    path === 'usr/share/readline/inputrc' ||
    path === 'usr/share/base-passwd/passwd.master' ||
    path === 'usr/share/base-passwd/group.master' ||
    (path.startsWith('usr/share/ca-certificates/') && path.endsWith('.crt'))
  );
}

/**
 * What the maintainer scripts of the core packages would have made at installation; `models` by path, `mtime` for all.
 * Folders come before what is in them.
 */
export function renderGeneratedFiles(
  models: ReadonlyMap<string, Uint8Array>,
  python: string | undefined,
  mtime: number,
): LayerEntry[] {
  const root = { uid: 0, gid: 0, mtime };
  const file = (path: string, bytes: Uint8Array | string): LayerEntry => ({
    path,
    type: 'file',
    mode: 0o644,
    ...root,
    content: { kind: 'bytes', bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes },
  });
  const folder = (path: string, mode = 0o755): LayerEntry => ({ path, type: 'directory', mode, ...root });
  const link = (path: string, linkTarget: string): LayerEntry => ({
    path,
    type: 'symlink',
    mode: 0o777,
    ...root,
    linkTarget,
  });
  const model = (path: string): Uint8Array => models.get(path) ?? new Uint8Array(0);
  const local = [
    '',
    '/bin',
    '/etc',
    '/games',
    '/include',
    '/lib',
    '/sbin',
    '/share',
    '/src',
    ...(python === undefined ? [] : [`/lib/python${python}`, `/lib/python${python}/dist-packages`]),
  ];
  return [
    ...['etc/opt', 'media', 'mnt', 'opt', 'srv', 'var/opt'].map((path) => folder(path)),
    folder('run/lock', 0o1777),
    ...local.map((path) => folder(`usr/local${path}`)),
    { ...folder(nonroot.home.slice(1)), uid: nonroot.uid, gid: nonroot.gid },
    file('etc/passwd', renderPasswd(model('usr/share/base-passwd/passwd.master'))),
    file('etc/group', renderGroup(model('usr/share/base-passwd/group.master'))),
    file('etc/nsswitch.conf', model('usr/share/libc-bin/nsswitch.conf')),
    file('etc/inputrc', model('usr/share/readline/inputrc')),
    file('etc/hosts', hosts),
    file('etc/networks', networks),
    link('etc/localtime', '/usr/share/zoneinfo/Etc/UTC'),
    file('etc/timezone', 'Etc/UTC\n'),
    file('etc/ssl/certs/ca-certificates.crt', renderCertificates(models)),
    link('usr/lib/ssl/certs', '/etc/ssl/certs'),
    link('usr/lib/ssl/cert.pem', '/etc/ssl/certs/ca-certificates.crt'),
    link('etc/dpkg/origins/default', 'debian'),
    ...(python === undefined ? [] : [link('usr/bin/python3', `python${python}`)]),
  ];
}

/** As netbase writes them; an engine puts its own over the first. */
const hosts =
  '127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\nff02::1\t\tip6-allnodes\nff02::2\t\tip6-allrouters\n\n';
const networks = 'default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n\n';

/** Debian's own users, root with the shell that is there, and the image's user. */
function renderPasswd(master: Uint8Array): string {
  const text = textOf(master).replace(/^(root:.*):[^:\n]*$/m, '$1:/bin/sh');
  return `${text}${nonroot.name}:*:${nonroot.uid}:${nonroot.gid}:${nonroot.name}:${nonroot.home}:/usr/sbin/nologin\n`;
}

function renderGroup(master: Uint8Array): string {
  return `${textOf(master)}${nonroot.name}:*:${nonroot.gid}:\n`;
}

function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** All certificates in the order of their paths, each ending its line, as update-ca-certificates(8) does with `--default`. */
export function renderCertificates(models: ReadonlyMap<string, Uint8Array>): string {
  const paths = [...models.keys()].filter((path) => path.endsWith('.crt')).sort(compareText);
  return paths.map((path) => textOf(models.get(path) ?? new Uint8Array(0))).join('');
}

/** What scanners read instead of dpkg's database: the fields of the package, and the hashes of its files that are there. */
export function renderStatusFiles(
  control: DebControl,
  isThere: (path: string) => boolean,
  mtime: number,
): LayerEntry[] {
  const name = control.fields.get('package') ?? '';
  const status = control.text.replace(/\n+$/, '\n').replace(/\n/, '\nStatus: install ok installed\n');
  const sums = Buffer.from(control.files.get('md5sums') ?? [])
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && isThere(line.slice(34)));
  const files = [
    { path: `var/lib/dpkg/status.d/${name}`, text: status },
    { path: `var/lib/dpkg/status.d/${name}.md5sums`, text: sums.map((line) => `${line}\n`).join('') },
  ];
  return files.map(({ path, text }) => ({
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime,
    content: { kind: 'bytes', bytes: Buffer.from(text) },
  }));
}
