import type { HostMount } from './host-mounts.ts';
import { rootCapabilities } from './namespace-script.ts';
import type { UserIds } from './user.ts';

export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** The users of a container without root (OCI runtime specification, Linux, user namespace mappings). */
export interface RootlessMappings {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

export interface RuntimeSpecInput {
  /** Absolute path of the root file system on the host. */
  readonly root: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: UserIds;
  readonly tty: boolean;
  readonly mounts: readonly HostMount[];
  readonly rootless?: RootlessMappings;
}

const sealed = ['nosuid', 'noexec', 'nodev'] as const;

/** The `config.json` of a bundle (OCI runtime specification 1.0), with the host's network and no resource limits. */
export function renderRuntimeSpec(input: RuntimeSpecInput): Readonly<Record<string, unknown>> {
  const capabilities = input.user.uid === 0 ? rootCapabilities.map((name) => `CAP_${name.toUpperCase()}`) : [];
  return {
    ociVersion: '1.0.2',
    root: { path: input.root, readonly: false },
    process: {
      terminal: input.tty,
      user: { uid: input.user.uid, gid: input.user.gid, umask: 0o022 },
      args: input.command,
      env: Object.entries(input.env).map(([name, value]) => `${name}=${value}`),
      cwd: input.workingDir,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    mounts: [...systemMounts(input.rootless !== undefined), ...input.mounts.map(renderMount)],
    linux: {
      namespaces: ['pid', 'ipc', 'mount', ...(input.rootless === undefined ? [] : ['user'])].map((type) => ({ type })),
      ...(input.rootless === undefined ? {} : { uidMappings: input.rootless.uids, gidMappings: input.rootless.gids }),
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/proc/sched_debug',
        '/proc/scsi',
        '/sys/firmware',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

function systemMounts(rootless: boolean): readonly unknown[] {
  const tmpfs = (destination: string, source: string, ...options: readonly string[]): unknown => ({
    destination,
    type: 'tmpfs',
    source,
    options,
  });
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: sealed },
    tmpfs('/dev', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
    // Group 5, tty, has no number in a user namespace that maps few.
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
    },
    tmpfs('/dev/shm', 'shm', ...sealed, 'mode=1777', 'size=65536k'),
    // A new sysfs belongs to a network namespace, which without root is not ours.
    rootless
      ? { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', ...sealed, 'ro'] }
      : { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...sealed, 'ro'] },
  ];
}

function renderMount({ source, target, readOnly }: HostMount): unknown {
  return { destination: target, type: 'bind', source, options: ['rbind', readOnly ? 'ro' : 'rw'] };
}
