import { defaultDevices, type HostMount } from './host-mounts.ts';
import { hostProcessors } from './host-processors.ts';
import { quoteForShell } from './shell.ts';
import type { UserIds } from './user.ts';

/** Absolute paths of the host's programs. */
export interface NamespaceTools {
  readonly unshare: string;
  readonly setpriv: string;
  readonly mount: string;
  readonly env: string;
  readonly mkfifo: string;
  readonly chown: string;
  readonly mkdir: string;
}

export interface NamespaceScript {
  readonly tools: NamespaceTools;
  readonly rootless: boolean;
  readonly root: string;
  readonly mounts: readonly HostMount[];
  readonly command: readonly string[];
  readonly workingDir: string;
  readonly user: UserIds;
  /** The processor is not the machine's own. */
  readonly emulated: boolean;
  /** The root cannot be written; an empty `/tmp` in memory can. */
  readonly readOnly?: boolean;
}

/** What the script says on descriptor 3 once everything is mounted; before it come only complaints. */
export const readyWord = 'tare-ready\n';

/** What root in a container may do at most, as docker has it; another user may do nothing. */
export const rootCapabilities = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'net_bind_service', 'net_raw', 'setfcap', 'setgid'],
  ...['setpcap', 'setuid', 'sys_chroot', 'mknod', 'audit_write'],
] as const;

/** What `unshare` itself needs to enter the root as another user; `setfcap` to map root (user_namespaces(7)). */
const enteringCapabilities = ['setgid', 'setuid', 'sys_chroot', 'setfcap'] as const;

/** Arguments of `unshare` for the outer namespaces, all of which end when it does. */
export function namespaceArguments(rootless: boolean, network?: 'none'): readonly string[] {
  return [
    ...(rootless ? ['--user', '--map-root-user'] : []),
    '--mount',
    '--ipc',
    ...(network === 'none' ? ['--net'] : []),
    '--pid',
    '--fork',
    '--kill-child=KILL',
  ];
}

/**
 * A shell script that is process 1 of the container: it mounts, then starts the command as its only child, and ends with
 * its exit code. It stays root, so that the kernel ends it with tare; a changed user would lose that (prctl(2), PR_SET_PDEATHSIG).
 */
export function renderNamespaceScript(script: NamespaceScript): string {
  return [
    'set -eu',
    'umask 022',
    'exec 9>&2 2>&3',
    ...mountLines(script),
    ...pipeOwnerLines(script),
    `printf ${quoteForShell(readyWord.replace('\n', '\\n'))} >&3`,
    'exec 3>&- 2>/dev/null',
    'set +e',
    // The terminal gives its signals to this shell too, which must wait for the command. What is trapped, not ignored, is
    // as usual again in the command.
    'trap : INT QUIT',
    `${enterCommand(script).map(quoteForShell).join(' ')} 2>&9 9>&-`,
    'exit $?',
    '',
  ].join('\n');
}

function mountLines({ tools, root, mounts, emulated, readOnly }: NamespaceScript): readonly string[] {
  const mount = quoteForShell(tools.mount);
  const at = (path: string): string => quoteForShell(`${root}${path}`);
  return [
    // Only what is mounted can be made read-only for this run alone.
    ...(readOnly === true ? [`${mount} --bind ${at('')} ${at('')}`] : []),
    // In a container that hides parts of /proc the kernel refuses a new one to a user namespace.
    `${mount} -t proc -o nosuid,nodev,noexec proc ${at('/proc')} 2>/dev/null || ${mount} --rbind /proc ${at('/proc')}`,
    // These two guard the machine from an image whose user is root; without root it has nothing to guard.
    `{ ${mount} --rbind /sys ${at('/sys')} && ${mount} -o remount,bind,ro ${at('/sys')}; } 2>/dev/null || :`,
    ...(emulated ? [`${mount} -t tmpfs -o ro,mode=555 tmpfs ${at(hostProcessors)} 2>/dev/null || :`] : []),
    `{ ${mount} --bind ${at('/proc/sys')} ${at('/proc/sys')} && ${mount} -o remount,bind,ro ${at('/proc/sys')}; } 2>/dev/null || :`,
    ...defaultDevices.map((name) => `${mount} --bind /dev/${name} ${at(`/dev/${name}`)}`),
    `${mount} -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=64m shm ${at('/dev/shm')}`,
    `${mount} -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts ${at('/dev/pts')} 2>/dev/null || :`,
    ...(readOnly === true ? [`${mount} -t tmpfs -o nosuid,nodev,noexec,mode=1777 tmpfs ${at('/tmp')}`] : []),
    ...mounts.flatMap((one) => [
      ...(readOnly === true && one.target.startsWith('/tmp/') ? placeLines(tools, one) : []),
      ...bindLines(mount, one),
    ]),
    ...(readOnly === true ? [readOnlyLine(mount, at(''), '')] : []),
  ];
}

/** The new `/tmp` hides what was made ready to be mounted on. */
function placeLines({ mkdir }: NamespaceTools, { source, place }: HostMount): readonly string[] {
  const [from, to] = [quoteForShell(source), quoteForShell(place)];
  const folder = quoteForShell(place.slice(0, place.lastIndexOf('/')));
  return [
    `if [ -d ${from} ]; then ${quoteForShell(mkdir)} -p ${to}; else ${quoteForShell(mkdir)} -p ${folder}; : > ${to}; fi`,
  ];
}

function bindLines(mount: string, { source, place, readOnly }: HostMount): readonly string[] {
  const [from, to] = [quoteForShell(source), quoteForShell(place)];
  // A user namespace may not bind without what is mounted below.
  const bind = `${mount} --bind ${from} ${to} 2>/dev/null || ${mount} --rbind ${from} ${to}`;
  return readOnly ? [bind, readOnlyLine(mount, to, ',noexec')] : [bind];
}

/** In a user namespace a mount must keep the flags that it inherits, which not every `mount` adds by itself. */
function readOnlyLine(mount: string, to: string, last: string): string {
  const remount = (options: string): string => `${mount} -o remount,bind,ro${options} ${to}`;
  return [
    `${remount('')} 2>/dev/null`,
    ...(last === '' ? [] : [`${remount(',nosuid,nodev')} 2>/dev/null`]),
    remount(`,nosuid,nodev${last}`),
  ].join(' || ');
}

/** A pipe belongs to who made it; opening `/dev/stdout` by name needs its owner. */
function pipeOwnerLines({ tools, rootless, user }: NamespaceScript): readonly string[] {
  if (rootless || user.uid === 0) return [];
  const chown = quoteForShell(tools.chown);
  const owner = `+${user.uid}:+${user.gid}`;
  return [
    `if [ -p /proc/self/fd/1 ]; then ${chown} ${owner} /proc/self/fd/1; fi`,
    `if [ -p /proc/self/fd/9 ]; then ${chown} ${owner} /proc/self/fd/9; fi`,
  ];
}

function enterCommand(script: NamespaceScript): readonly string[] {
  const { tools, rootless, root, command, workingDir, user } = script;
  const kept = user.uid === 0 ? rootCapabilities : enteringCapabilities;
  const capabilities = ['-all', ...kept.map((name) => `+${name}`)].join(',');
  const users = rootless
    ? ['--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`]
    : [`--setgid=${user.gid}`, `--setuid=${user.uid}`];
  return [
    // What a shell adds to the environment is not the image's.
    ...[tools.env, '-u', '_', '-u', 'SHLVL', '-u', 'PWD', '-u', 'OLDPWD'],
    ...[tools.setpriv, '--no-new-privs', '--inh-caps', '-all', '--bounding-set', capabilities],
    ...[tools.unshare, ...users, `--root=${root}`, `--wd=${workingDir}`, '--', ...command],
  ];
}
