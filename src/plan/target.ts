import { TareError } from '../base/errors.ts';
import { type MarkerEnvironment, markerEnvironment } from '../python/marker.ts';

/** How OCI, Debian and Python call one architecture. */
export interface Architecture {
  readonly platform: string;
  readonly debian: 'amd64' | 'arm64';
  readonly machine: 'x86_64' | 'aarch64';
}

const architectures: readonly Architecture[] = [
  { platform: 'linux/amd64', debian: 'amd64', machine: 'x86_64' },
  { platform: 'linux/arm64', debian: 'arm64', machine: 'aarch64' },
];

/** Throws `PLATFORM_UNSUPPORTED` for what tare cannot build for. `linux/arm64/v8` is `linux/arm64`. */
export function parseArchitecture(platform: string): Architecture {
  const found = architectures.find((one) => one.platform === platform.replace(/^linux\/arm64\/v8$/, 'linux/arm64'));
  if (found !== undefined) return found;
  throw new TareError({
    code: 'PLATFORM_UNSUPPORTED',
    message: `cannot build for platform \`${platform}\``,
    expected: architectures.map((one) => one.platform).join(' or '),
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
