import { compatibleTags, type TagTarget } from './tags.ts';

/** The version of uv that is fetched where there is none and that a Dockerfile installs, and the SHA-256 of its wheels by platform tag. */
export const pinnedUv = {
  version: '0.11.32',
  wheels: {
    'manylinux_2_17_x86_64.manylinux2014_x86_64': '3da76cd4e2697de30928b8a8524bd39183ac1e08cb7e72833807c022b7cba6c4',
    musllinux_1_1_x86_64: '77f4356548ee8dc47efae154efd4e930c65570e7d4971c57bdef592f6eefb39c',
    'manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64':
      '125c142363d0842c8506a057da56bae182e2aa3957344f57dd9ef20ea10f06b0',
    manylinux_2_28_aarch64: 'be0799f1ad70c755d10de5aaf46af94199d4f16a992f90278f2662350cd3f4fe',
    'manylinux_2_17_armv7l.manylinux2014_armv7l': '07ffc8322ce88b29dc0a905c102ea7d32c9021ee0353b641674e350c65fa930a',
    'manylinux_2_17_i686.manylinux2014_i686': '8e36fe8ff79ab7d13e9ad45d24bb9a52c1024caa6897cf62933bb3f760643d13',
    'manylinux_2_17_ppc64le.manylinux2014_ppc64le': '19fb9f2dba53851c0ee6e7e5582bd355fcaa9b1387b5d688f5bb9efc543dc605',
    manylinux_2_31_riscv64: 'cd085addb35f074561d2c5659a088f5f10361502bd3ad4c8f5105f5a4b9d2817',
    'manylinux_2_17_s390x.manylinux2014_s390x': 'f6f030a91a94655af11e41dafe1b41e1a90e1f2641bf13ff7ed7d4f5fb4f031d',
    macosx_10_12_x86_64: 'c82954b1bd507e767b1d996c2865ea3eb7d464a479ec0e4d60f0b8e2e07dee45',
    macosx_11_0_arm64: '2a56d1abf16337350e878b2c869b256b8448ecc4a722b98f8d41e1b3680a587b',
    win_amd64: '855632ee1d2a8491986efa54c562b806cd32477761889a1e13624b519d98a45e',
    win_arm64: 'bf988bf510772785eac1edfc7cdedca074e8936b45e755b58f7f3e1e9ca86424',
  },
} as const;

/** The requirements file with which pip takes the wheel for this machine, and nothing but it. */
export function renderPinnedUvRequirement(): string {
  return `${[`uv==${pinnedUv.version}`, ...hashesOf(() => true)].join(' \\\n    ')}\n`;
}

/** The same in one line, with the wheels alone that one of the targets may take; undefined where one can take none. */
export function uvRequirementFor(targets: readonly TagTarget[]): string | undefined {
  const known = targets.map((target) => new Set(compatibleTags(target)));
  const fits = (tags: ReadonlySet<string>, name: string): boolean =>
    name.split('.').some((platform) => tags.has(`py3-none-${platform}`));
  if (!known.every((tags) => Object.keys(pinnedUv.wheels).some((name) => fits(tags, name)))) return undefined;
  return [`uv==${pinnedUv.version}`, ...hashesOf((name) => known.some((tags) => fits(tags, name)))].join(' ');
}

function hashesOf(isWanted: (platformTags: string) => boolean): readonly string[] {
  return Object.entries(pinnedUv.wheels).flatMap(([name, hash]) => (isWanted(name) ? [`--hash=sha256:${hash}`] : []));
}
