import { TareError } from '../base/errors.ts';

/** The platform of an image (OCI image index, "platform"), normalised: `arm64` has no variant, `arm` always has one. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const partPattern = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

/** Names that people and kernels use, and what Go's GOARCH (which the specification follows) calls them. */
const architectureNames: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['x64', ['amd64']],
  ['aarch64', ['arm64']],
  ['i386', ['386']],
  ['i686', ['386']],
  ['ia32', ['386']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
  ['ppc64el', ['ppc64le']],
]);

const knownArchitectures = new Set([
  'amd64',
  'arm64',
  'arm',
  '386',
  'ppc64le',
  's390x',
  'riscv64',
  'loong64',
  'mips64le',
]);

/** Parses `OS/ARCHITECTURE[/VARIANT]`; an architecture alone means Linux. Throws `PLATFORM_INVALID`. */
export function parsePlatform(text: string, where?: string): Platform {
  const parts = text.trim().toLowerCase().split('/');
  const [first = '', second, variant] = parts;
  if (parts.length <= 3 && parts.every((part) => partPattern.test(part))) {
    if (second !== undefined) return makePlatform(first, second, variant);
    const alone = makePlatform('linux', first);
    if (knownArchitectures.has(alone.architecture)) return alone;
  }
  throw new TareError({
    code: 'PLATFORM_INVALID',
    message: `\`${text.slice(0, 100)}\` is not a platform`,
    expected: 'OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as `linux/amd64` or `linux/arm64`',
    ...(where === undefined ? {} : { where }),
    hint: 'give `--platform linux/amd64` or `--platform linux/arm64`',
  });
}

/** A platform from its parts, normalised. */
export function makePlatform(os: string, architecture: string, variant?: string): Platform {
  const [name, impliedVariant] = architectureNames.get(architecture) ?? [architecture];
  const given = variant === undefined || variant === '' ? impliedVariant : variant;
  const normal = normalVariant(name, given);
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture: name,
    ...(normal === undefined ? {} : { variant: normal }),
  };
}

function normalVariant(architecture: string, variant: string | undefined): string | undefined {
  const withLetter = variant !== undefined && /^[0-9]/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm64') return withLetter === 'v8' ? undefined : withLetter;
  if (architecture === 'amd64') return withLetter === 'v1' ? undefined : withLetter;
  if (architecture === 'arm') return withLetter ?? 'v7';
  return withLetter;
}

/** `linux/amd64`, `linux/arm/v7`. */
export function renderPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** The platform whose containers this host runs without emulation: always Linux. */
export function hostPlatform(host: { readonly platform: string; readonly arch: string }): Platform {
  return makePlatform('linux', host.arch);
}

export function isSamePlatform(left: Platform, right: Platform): boolean {
  return left.os === right.os && left.architecture === right.architecture && left.variant === right.variant;
}
