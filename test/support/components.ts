import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { runCommand } from './command.ts';
import { benchDir } from './paths.ts';

/** Real programs that tests use, with how `test/setup` (or a person) brings them. */
const components = {
  skopeo: { is: () => answers('skopeo', '--version'), get: 'apt-get install skopeo' },
  runc: { is: async () => isRoot() && (await answers('runc', '--version')), get: 'apt-get install runc, as root' },
  docker: {
    is: async () =>
      isRoot() && (await answers('/usr/bin/docker', '--version')) && (await answers('dockerd', '--version')),
    get: 'apt-get install docker.io, as root',
  },
  ctr: {
    is: async () => isRoot() && (await answers('ctr', '--version')),
    get: 'apt-get install containerd, as root',
  },
  'oci-conformance': {
    is: () => fileThere(join(benchDir, 'tools/bin/oci-conformance')),
    get: 'test/setup, where there is a Go that is new enough',
  },
  podman: {
    is: async () => isRoot() && (await answers('podman', '--version')),
    get: 'apt-get install podman, as root',
  },
  buildah: {
    is: async () => isRoot() && (await answers('buildah', '--version')),
    get: 'apt-get install buildah, as root',
  },
  registry: { is: () => answers('docker-registry', '--version'), get: 'apt-get install docker-registry' },
  'qemu-aarch64': {
    is: async () => process.arch === 'arm64' || (await fileThere('/proc/sys/fs/binfmt_misc/qemu-aarch64')),
    get: 'apt-get install qemu-user-static binfmt-support, then test/setup as root',
  },
  'qemu-arm': {
    is: () => fileThere('/proc/sys/fs/binfmt_misc/qemu-arm'),
    get: 'apt-get install qemu-user-static binfmt-support, then test/setup as root',
  },
  'go-registry': {
    is: () => fileThere(join(benchDir, 'tools/bin/registry')),
    get: 'test/setup, where there is Go',
  },
  uv: {
    is: async () => (await answers('uv', '--version')) || (await answers(join(benchDir, 'tools/bin/uv'), '--version')),
    get: 'test/setup',
  },
  syft: {
    is: async () => answers(join(benchDir, 'tools/bin/syft'), '--version'),
    get: 'test/setup, where there is a Go that is new enough',
  },
  buildkit: {
    is: async () =>
      isRoot() &&
      (await answers('runc', '--version')) &&
      (await answers(join(benchDir, 'tools/bin/buildkitd'), '--version')) &&
      (await answers(join(benchDir, 'tools/bin/buildctl'), '--version')),
    get: 'test/setup as root, where there is a Go that is new enough',
  },
  buildx: {
    is: async () => answers(join(benchDir, 'tools/bin/buildx'), 'version'),
    get: 'test/setup, where there is a Go that is new enough',
  },
  readelf: { is: () => answers('readelf', '--version'), get: 'apt-get install binutils' },
  mmdebstrap: { is: () => answers('mmdebstrap', '--version'), get: 'apt-get install mmdebstrap' },
  python3: { is: () => answers('python3', '--version'), get: 'apt-get install python3' },
  namespaces: {
    is: () => answers('unshare', '--user', '--map-root-user', '--mount', 'true'),
    get: 'a Linux kernel that lets this user make namespaces',
  },
  root: { is: async () => isRoot(), get: 'to be run as root' },
} as const satisfies Record<string, { readonly is: () => Promise<boolean>; readonly get: string }>;

export type ComponentName = keyof typeof components;

const known = new Map<ComponentName, Promise<boolean>>();

/** Whether a component is here and usable. */
export async function hasComponent(name: ComponentName): Promise<boolean> {
  let answer = known.get(name);
  if (answer === undefined) {
    answer = components[name].is();
    known.set(name, answer);
  }
  return answer;
}

/**
 * For the first line of a test. Where a component is absent the test is skipped, and the report says for want of
 * what; with `CI=true` it fails instead.
 */
export async function requireComponent(context: TestContext, ...names: readonly ComponentName[]): Promise<void> {
  for (const name of names) {
    if (await hasComponent(name)) continue;
    const note = `needs ${name} (${components[name].get})`;
    if (process.env['CI'] === 'true') throw new Error(note);
    context.skip(note);
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function answers(file: string, ...args: readonly string[]): Promise<boolean> {
  try {
    return (await runCommand(file, args, { timeout: 30_000 })).code === 0;
  } catch {
    return false;
  }
}

async function fileThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
