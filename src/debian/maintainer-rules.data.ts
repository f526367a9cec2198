/** What becomes of a command of a maintainer script. */
export type Verdict = 'not needed' | 'done by tare' | 'unsupported';

/** The first rule that fits a command counts. */
export interface ScriptRule {
  /** Packages that it is for; all where there is none. */
  readonly packages?: RegExp;
  /** The command's words with single spaces, and ` > FILE` for each file that it writes. */
  readonly command: RegExp;
  readonly verdict: Verdict;
  readonly because: string;
}

/** For commands of packages whose scripts were read by hand: what their form cannot tell. */
const packageRules: readonly ScriptRule[] = [
  {
    packages:
      /^(?:apt|base-files|base-passwd|bash|bsdutils|coreutils|debconf|debian-archive-keyring|debianutils|dpkg|init-system-helpers|libc-bin|libc6|libpam-modules|libpam-modules-bin|libpam-runtime|libpam0g|login|login\.defs|mount|netbase|passwd|perl-base|readline-common|tar|tzdata|util-linux|util-linux-extra)$/,
    command: /^/,
    verdict: 'not needed',
    because: 'a package of every Debian system: the base has done what its scripts do',
  },
  {
    packages:
      /^(?:adduser|dbus|dbus-.*|dmsetup|iproute2|libpam-systemd|packagekit|polkitd|policykit-1|procps|software-properties-common|systemd|systemd-.*|udev|ucf|usrmerge)$/,
    command: /^/,
    verdict: 'not needed',
    because:
      'serves a system with init, a bus or logins, which a container is not: its programs and libraries work without',
  },
  {
    packages: /^(?:ca-certificates)$/,
    command: /^/,
    verdict: 'done by tare',
    because: 'the bundle of certificates',
  },
  {
    packages: /^(?:lib)?python3(?:\.\d+)?(?:-minimal)?$|^python3-(?:lib2to3|distutils)$/,
    command: /^/,
    verdict: 'not needed',
    because: 'byte-compiles, and registers the interpreter with tools of packaging',
  },
  {
    packages: /^fontconfig-config$/,
    command: /^(?:ln |rm |mkdir |chmod |chown )|confmodule|^db_/,
    verdict: 'done by tare',
    because: 'the links in /etc/fonts/conf.d for the answers that debconf gives by itself',
  },
  {
    packages: /^ghostscript$/,
    command: /^update-gsfontmap/,
    verdict: 'done by tare',
    because: "Ghostscript's two font maps, joined from the packages' parts",
  },
  {
    packages: /^freetds-common$/,
    command: /^(?:mkdir|cp) /,
    verdict: 'done by tare',
    because: '/etc/freetds/freetds.conf from its model',
  },
  {
    packages: /^unixodbc-common$/,
    command: /^touch \/etc\/odbcinst\.ini$/,
    verdict: 'done by tare',
    because: '/etc/odbcinst.ini',
  },
  {
    packages: /^(?:tdsodbc|odbc-postgresql|libmyodbc|odbc-mariadb|libsqliteodbc)$/,
    command: /^odbcinst -i -d -f /,
    verdict: 'done by tare',
    because: 'the driver in /etc/odbcinst.ini',
  },
  {
    packages: /^libgvc6(?:-plugins-gtk)?$/,
    command: /^libgvc6-config-update/,
    verdict: 'done by tare',
    because: "Graphviz' list of plug-ins",
  },
  {
    packages: /^libpaper1$/,
    command: /papersize|run-parts/,
    verdict: 'done by tare',
    because: '/etc/papersize, `a4`',
  },
  {
    packages: /^mariadb-common$/,
    command: /configure-symlinks/,
    verdict: 'done by tare',
    because: 'the alternative /etc/mysql/my.cnf',
  },
  {
    packages: /^mysql-common$/,
    command: /^(?:mv|cat) .*migrated|my\.cnf\.migrated/,
    verdict: 'not needed',
    because: 'takes over an older configuration',
  },
  {
    packages: /^(?:libgcrypt20|libglib2\.0-0)$/,
    command: /^cleanup|clean-up-unmanaged-libraries/,
    verdict: 'not needed',
    because: 'looks for copies that an upgrade left behind',
  },
  {
    packages: /^libssl1\.1$/,
    command: /^\$idl restart$/,
    verdict: 'not needed',
    because: 'restarts services after an upgrade',
  },
  {
    packages: /^libwrap0$/,
    command: /^cat > \/etc\/hosts\.(?:allow|deny)$/,
    verdict: 'not needed',
    because: 'two files of comments',
  },
  {
    packages: /^libgstreamer1\.0-0$/,
    command: /^setcap |^chmod u\+s /,
    verdict: 'not needed',
    because: 'rights for the clock protocol PTP, which would be a set-uid program',
  },
  {
    packages: /^redis-tools$/,
    command: /^(?:adduser|chown|chmod|mkdir|Setup_dir) /,
    verdict: 'not needed',
    because: "the server's account and folders: the package holds the client",
  },
  {
    packages: /^postgresql-client-\d+$/,
    command: /configure_client_version|maintscripts-functions/,
    verdict: 'not needed',
    because: 'alternatives of manual pages',
  },
  {
    packages: /^libpython.*|^postgresql-client-common$/,
    command: /^cat > |^cat$/,
    verdict: 'not needed',
    because: 'an empty configuration file',
  },
  {
    packages: /^locales$/,
    command: /^(?:locale-gen|update-locale)\b/,
    verdict: 'unsupported',
    because: 'locales are compiled by a program: C.UTF-8 is there without',
  },
  {
    packages: /^locales$/,
    command: /^/,
    verdict: 'not needed',
    because: 'the list of locales to compile',
  },
  {
    packages: /^ca-certificates-java$/,
    command: /^java |^keytool /,
    verdict: 'unsupported',
    because: "Java's certificate store is made by a Java program",
  },
  {
    packages: /^ca-certificates-java$/,
    command: /^/,
    verdict: 'not needed',
    because: 'prepares what the Java program does',
  },
  {
    packages: /^java-common$|^openjdk-\d+-jre-headless$/,
    command: /\/etc\/\.java|^update-binfmts|^chmod /,
    verdict: 'not needed',
    because: "folders for preferences of Java's windows",
  },
  {
    packages: /^xfonts-utils$/,
    command: /excluded-aliases|^mkdir /,
    verdict: 'not needed',
    because: "notes of a tool for an X server's fonts",
  },
  {
    packages: /^libmono-security.*-cil$/,
    command: /^(?:mkdir|mv|rm) /,
    verdict: 'not needed',
    because: 'takes over an older certificate store',
  },
  {
    packages: /^(?:sgml-base|xml-core)$/,
    command: /^update-(?:xml)?catalog /,
    verdict: 'unsupported',
    because: 'catalogs for SGML and XML documents are written by programs',
  },
  {
    packages: /^(?:sgml-base|xml-core)$/,
    command: /^/,
    verdict: 'not needed',
    because: 'moves older catalogs',
  },
  {
    packages: /^openssl$/,
    command: /^ln -sf \/etc\/ssl \/usr\/lib\/ssl$/,
    verdict: 'not needed',
    because: 'only where the folder that the package brings is not there',
  },
  {
    packages: /^libqt5core5(?:a|t64)$/,
    command: /^rmdir/,
    verdict: 'not needed',
    because: 'nothing to remove',
  },
  {
    packages: /^poppler-data$/,
    command: /^(?:\$\(|`)pathfind /,
    verdict: 'not needed',
    because: 'looks for a program',
  },
  {
    packages: /^libglib2\.0-0$/,
    command: /^install -d \S+\/gio\/modules$/,
    verdict: 'not needed',
    because: 'an empty folder',
  },
  {
    packages: /^p7zip-full$/,
    command: /^/,
    verdict: 'not needed',
    because: 'a changed link of documentation',
  },
];

/** A command of one of these names that writes no file. */
function named(names: string): RegExp {
  const any = names.trim().split(/\s+/).join('|');
  return new RegExp(`^(?:/\\S*/)?(?:${any})(?=\\s|$)(?!.* > )`);
}

/** For commands of any package. */
const generalRules: readonly ScriptRule[] = [
  {
    command: named('set exit return true false : export unset local readonly shift read umask trap break continue'),
    verdict: 'not needed',
    because: 'the shell itself',
  },
  {
    command: named(`
      test command which type hash grep egrep fgrep cut tr head tail sort uniq wc awk basename dirname readlink realpath stat cmp diff
      md5sum sha256sum expr getent id pidof pgrep ischroot mountpoint ls seq date uname sleep wait mktemp dpkg dpkg-query dpkg-architecture
      sed\\s-n java\\s-version dpkg-statoverride\\s(?:--quiet\\s)?--list dpkg-divert\\s(?:--list|--truename)
      update-alternatives\\s(?:--quiet\\s)?(?:--query|--list|--display)`),
    verdict: 'not needed',
    because: 'looks, and changes nothing',
  },
  {
    command: /^\[|^find (?!.* -(?:exec|ok|fprint|fls))(?!.* > )/,
    verdict: 'not needed',
    because: 'looks, and changes nothing',
  },
  {
    command: named('echo printf cat logger log_\\w+ db_\\w+ \\.\\s/usr/share/debconf/confmodule'),
    verdict: 'not needed',
    because: 'messages and questions: the answers are those that debconf gives by itself',
  },
  { command: /^rm(?:dir)? /, verdict: 'not needed', because: 'there is nothing to remove in a first installation' },
  {
    command:
      /^dpkg-maintscript-helper |^mv .*\.dpkg-|^update-alternatives (?:--\w+ )*--remove(?:-all)? |^dpkg-divert .*--remove|^ucf (?:-p|--purge) /,
    verdict: 'not needed',
    because: 'upgrades of older versions',
  },
  {
    command: /^dpkg-divert .*\.usr-is-merged/,
    verdict: 'not needed',
    because: '/usr is merged: paths are put where its links lead',
  },
  {
    command: named(`
        deb-systemd-helper deb-systemd-invoke systemctl systemd-tmpfiles systemd-hwdb udevadm invoke-rc\\.d update-rc\\.d service
        start-stop-daemon telinit sysctl insserv dbus-send dbus-uuidgen kill modprobe depmod`),
    verdict: 'not needed',
    because: 'nothing is started at installation, and a container has no init',
  },
  {
    command: named(
      'adduser addgroup useradd groupadd usermod deluser delgroup userdel groupdel systemd-sysusers pam-auth-update',
    ),
    verdict: 'not needed',
    because: 'accounts of services: the application has its own, and files belong to numbers',
  },
  {
    command: named('py3compile py3clean pycompile pypy3compile pypycompile'),
    verdict: 'not needed',
    because: 'Python compiles what it loads',
  },
  {
    command: named(`
        update-menus update-mime update-desktop-database update-icon-caches gtk-update-icon-cache\\S* install-info update-info-dir
        update-fonts-dir update-fonts-scale update-fonts-alias update-gsfontmap scrollkeeper-update mktexlsr texhash update-texmf\\S*
        mandb update-binfmts update-shells add-shell remove-shell register-menu`),
    verdict: 'not needed',
    because: 'menus, icons, manuals and desktops: caches that programs work without',
  },
  {
    command: /(?:^|\/)fc-cache(?: |$)|^mkdir -p \/var\/cache\/fontconfig$/,
    verdict: 'not needed',
    because: 'fontconfig makes its cache when it runs, where it may write',
  },
  {
    command: /(?:^|\/)gtk-query-immodules-[\d.]+ /,
    verdict: 'not needed',
    because: 'input methods: GTK has its own without the list',
  },
  {
    command: /(?:^|\/)gio-querymodules /,
    verdict: 'not needed',
    because: 'GIO asks modules itself where there is no list',
  },
  {
    command: /(?:^|\/)glib-compile-schemas /,
    verdict: 'not needed',
    because: 'where a package brings schemas of settings, tare says that they are not compiled',
  },
  { command: /(?:^|\/)gdk-pixbuf-query-loaders/, verdict: 'done by tare', because: 'the list of image loaders' },
  { command: /^update-mime-database /, verdict: 'done by tare', because: 'the database of file types' },
  { command: named('ldconfig'), verdict: 'done by tare', because: "the loader's cache" },
  { command: /^update-alternatives .*--install /, verdict: 'done by tare', because: 'links of alternatives' },
  {
    command: /^dpkg-trigger (?:\S+ )*(?:ldconfig|update-ca-certificates\S*|nginx-reload|\S*\/loaders)$/,
    verdict: 'done by tare',
    because: 'what the trigger is for',
  },
];

export const scriptRules: readonly ScriptRule[] = [...packageRules, ...generalRules];

/** Triggers that a package sets off by its name (deb-triggers(5)). */
export const triggerRules: readonly { readonly name: RegExp; readonly verdict: Verdict; readonly because: string }[] = [
  { name: /^ldconfig$/, verdict: 'done by tare', because: "the loader's cache" },
  { name: /^update-ca-certificates(?:-fresh)?$/, verdict: 'done by tare', because: 'the bundle of certificates' },
  {
    name: /^(?:update-initramfs|nginx-reload|libc-upgrade|perl-major-upgrade|update-sgmlcatalog)$/,
    verdict: 'not needed',
    because: 'nothing runs in an image that is made',
  },
];
