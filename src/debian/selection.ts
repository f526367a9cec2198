/**
 * Which files of the core packages stay out of the image, and why. A pattern is a path or the path of a folder with all
 * that is in it; `*` stands for any part of a name. Paths are those of the merged root.
 */
interface Omission {
  readonly because: string;
  readonly patterns: readonly string[];
}

const omissions: readonly Omission[] = [
  {
    because: 'documentation, translations and notes for other Debian tools',
    patterns: [
      'usr/share/applications',
      'usr/share/binfmts',
      'usr/share/bug',
      'usr/share/debianutils',
      'usr/share/dict',
      'usr/share/doc-base',
      'usr/share/games',
      'usr/share/gcc',
      'usr/share/gdb',
      'usr/share/info',
      'usr/share/lintian',
      'usr/share/locale',
      'usr/share/man',
      'usr/share/menu',
      'usr/share/pixmaps',
      'usr/share/python3/runtime.d',
      'usr/lib/binfmt.d',
      'usr/games',
      'usr/include',
      'usr/src',
      'boot',
      'etc/issue',
      'etc/issue.net',
      'etc/update-motd.d',
    ],
  },
  {
    because: 'models that tare makes the files in /etc from',
    patterns: [
      'usr/share/base-files',
      'usr/share/base-passwd',
      'usr/share/ca-certificates',
      'usr/share/libc-bin',
      'usr/share/readline',
    ],
  },
  {
    because: 'programs that change a system: an image is not changed, and they need Perl, debconf, bash or openssl',
    patterns: [
      'etc/ca-certificates',
      'usr/bin/ldd',
      'usr/bin/localedef',
      'usr/bin/pldd',
      'usr/bin/tzselect',
      'usr/bin/zdump',
      'usr/sbin/iconvconfig',
      'usr/sbin/update-ca-certificates',
      'usr/sbin/update-passwd',
      'usr/sbin/zic',
    ],
  },
  {
    because: 'character sets of mainframes, for iconv(3) only: Python has its own',
    patterns: ['usr/lib/*/gconv/EBCDIC-*', 'usr/lib/*/gconv/IBM*'],
  },
  {
    because: 'other spellings of all time zones, with and without leap seconds',
    patterns: ['usr/share/zoneinfo/posix', 'usr/share/zoneinfo/right'],
  },
  {
    because: "Python's own tests and the texts of its interactive help",
    patterns: [
      'usr/lib/python3.*/test',
      'usr/lib/python3.*/pydoc_data/topics.py',
      'usr/lib/python3.*/lib-dynload/_ctypes_test.*',
      'usr/lib/python3.*/lib-dynload/_test*',
      'usr/lib/python3.*/lib-dynload/_xxtestfuzz.*',
      'usr/lib/python3.*/lib-dynload/xx*',
    ],
  },
  {
    because: 'modules whose libraries are left out: `dbm.ndbm` (Berkeley DB) and `nis`',
    patterns: ['usr/lib/python3.*/lib-dynload/_dbm.*', 'usr/lib/python3.*/lib-dynload/nis.*'],
  },
];

const omitted = omissionPattern(omissions);

function omissionPattern(list: readonly Omission[]): RegExp {
  return new RegExp(`^(?:${list.flatMap((one) => one.patterns.map(patternSource)).join('|')})(?:/|$)`);
}

function patternSource(pattern: string): string {
  return pattern.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*');
}

/** Whether a file of a core package belongs into the image. Of documentation, copyright files and links between folders stay. */
export function isWanted(path: string, type: 'file' | 'directory' | 'symlink' | 'hardlink'): boolean {
  if (isDocumentation(path)) return isWantedDocumentation(path, type);
  // The IBM code pages that zip files and old texts still use.
  if (/\/gconv\/IBM(?:437|8[56]\d)\./.test(path)) return true;
  return !omitted.test(path);
}

function isDocumentation(path: string): boolean {
  return path === 'usr/share/doc' || path.startsWith('usr/share/doc/');
}

function isWantedDocumentation(path: string, type: 'file' | 'directory' | 'symlink' | 'hardlink'): boolean {
  return (
    (type === 'symlink' && path.split('/').length === 4) ||
    (type !== 'directory' && /^[^/]+\/[^/]+\/[^/]+\/[^/]+\/copyright$/.test(path))
  );
}

/** What stays out of packages that are added to a base: the rest was asked for, or is needed. */
const systemOmissions: readonly Omission[] = [
  {
    because: 'documentation, translations and notes for other Debian tools',
    patterns: [
      'usr/share/applications',
      'usr/share/bug',
      'usr/share/doc-base',
      'usr/share/gdb',
      'usr/share/gnome/help',
      'usr/share/gtk-doc',
      'usr/share/help',
      'usr/share/info',
      'usr/share/lintian',
      'usr/share/locale',
      'usr/share/man',
      'usr/share/menu',
      'usr/share/metainfo',
      'usr/share/pixmaps',
    ],
  },
  {
    because: "a link that fontconfig-config's script takes away again, for the answers that debconf gives by itself",
    patterns: ['etc/fonts/conf.d/10-sub-pixel-none.conf'],
  },
];

const omittedOfSystem = omissionPattern(systemOmissions);

/** Whether a file of a package that is added to a base belongs into the image. */
export function isWantedOfSystem(path: string, type: 'file' | 'directory' | 'symlink' | 'hardlink'): boolean {
  return isDocumentation(path) ? isWantedDocumentation(path, type) : !omittedOfSystem.test(path);
}
