import { TareError } from '../base/errors.ts';
import { parsePlatform, renderPlatform } from '../oci/platform.ts';
import { type MarkerEnvironment, markerEnvironment } from '../python/marker.ts';
import { type Machine, machinePlatforms } from '../python/tags.ts';

/** How OCI, Debian and Python call one architecture. */
export interface Architecture {
  readonly platform: string;
  readonly debian: DebianArchitecture;
  readonly machine: Machine;
}

export type DebianArchitecture = 'amd64' | 'arm64' | 'armhf' | 'i386' | 'ppc64el' | 'riscv64' | 's390x';

const debianNames = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'armhf',
  i686: 'i386',
  ppc64le: 'ppc64el',
  riscv64: 'riscv64',
  s390x: 's390x',
} as const satisfies Record<Machine, DebianArchitecture>;

const architectures: readonly Architecture[] = (Object.keys(debianNames) as readonly Machine[]).map((machine) => ({
  platform: machinePlatforms[machine],
  debian: debianNames[machine],
  machine,
}));

/**
 * Throws `PLATFORM_INVALID`, or `PLATFORM_UNSUPPORTED` for what tare cannot build for. Other names of a platform count as it:
 * `linux/arm64/v8`, `linux/arm`, `arm64`.
 */
export function parseArchitecture(platform: string): Architecture {
  const normal = renderPlatform(parsePlatform(platform));
  const found = architectures.find((one) => one.platform === normal);
  if (found !== undefined) return found;
  throw new TareError({
    code: 'PLATFORM_UNSUPPORTED',
    message: `cannot build for platform \`${platform}\``,
    expected: `one of ${architectures.map((one) => one.platform).join(', ')}`,
    hint: 'for example `--platform linux/amd64,linux/arm64`',
  });
}

export function targetMarkerEnvironment(
  platform: string,
  python: string,
  fullVersion: string | undefined,
): MarkerEnvironment {
  const { machine } = parseArchitecture(platform);
  return markerEnvironment({ python, architecture: machine, ...(fullVersion === undefined ? {} : { fullVersion }) });
}
