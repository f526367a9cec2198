import type { HostMount } from './host-mounts.ts';
import { hostProcessors } from './host-processors.ts';
import { rootCapabilities } from './namespace-script.ts';
import type { UserIds } from './user.ts';

export interface RuntimeSpecInput {
  /** Absolute path of the root file system on the host. */
  readonly root: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: UserIds;
  readonly tty: boolean;
  /** The processor is not the machine's own. */
  readonly emulated: boolean;
  readonly mounts: readonly HostMount[];
  readonly readOnly?: boolean;
  /** `none`: a network of its own, with no interface. */
  readonly network?: 'none';
}

const sealed = ['nosuid', 'noexec', 'nodev'] as const;

/** The `config.json` of a bundle (OCI runtime specification 1.0), with the host's network unless there is to be none, and no resource limits. */
export function renderRuntimeSpec(input: RuntimeSpecInput): Readonly<Record<string, unknown>> {
  const capabilities = input.user.uid === 0 ? rootCapabilities.map((name) => `CAP_${name.toUpperCase()}`) : [];
  return {
    ociVersion: '1.0.2',
    root: { path: input.root, readonly: input.readOnly === true },
    process: {
      terminal: input.tty,
      user: { uid: input.user.uid, gid: input.user.gid, umask: 0o022 },
      args: input.command,
      env: Object.entries(input.env).map(([name, value]) => `${name}=${value}`),
      cwd: input.workingDir,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    mounts: [...systemMounts(), ...(input.readOnly === true ? [temporaryMount] : []), ...input.mounts.map(renderMount)],
    linux: {
      namespaces: ['pid', 'ipc', 'mount', ...(input.network === 'none' ? ['network'] : [])].map((type) => ({ type })),
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/proc/sched_debug',
        '/proc/scsi',
        '/sys/firmware',
        ...(input.emulated ? [hostProcessors] : []),
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

/** As docker makes it of `--tmpfs /tmp`. */
const temporaryMount = { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: [...sealed, 'mode=1777'] };

function systemMounts(): readonly unknown[] {
  const tmpfs = (destination: string, source: string, ...options: readonly string[]): unknown => ({
    destination,
    type: 'tmpfs',
    source,
    options,
  });
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: sealed },
    tmpfs('/dev', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
    },
    tmpfs('/dev/shm', 'shm', ...sealed, 'mode=1777', 'size=65536k'),
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...sealed, 'ro'] },
  ];
}

function renderMount({ source, target, readOnly }: HostMount): unknown {
  return { destination: target, type: 'bind', source, options: ['rbind', readOnly ? 'ro' : 'rw'] };
}
