/** The version of uv that is fetched where there is none, and the SHA-256 of its wheels by platform tag. */
export const pinnedUv = {
  version: '0.11.32',
  wheels: {
    'manylinux_2_17_x86_64.manylinux2014_x86_64': '3da76cd4e2697de30928b8a8524bd39183ac1e08cb7e72833807c022b7cba6c4',
    musllinux_1_1_x86_64: '77f4356548ee8dc47efae154efd4e930c65570e7d4971c57bdef592f6eefb39c',
    'manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64':
      '125c142363d0842c8506a057da56bae182e2aa3957344f57dd9ef20ea10f06b0',
    manylinux_2_28_aarch64: 'be0799f1ad70c755d10de5aaf46af94199d4f16a992f90278f2662350cd3f4fe',
    macosx_10_12_x86_64: 'c82954b1bd507e767b1d996c2865ea3eb7d464a479ec0e4d60f0b8e2e07dee45',
    macosx_11_0_arm64: '2a56d1abf16337350e878b2c869b256b8448ecc4a722b98f8d41e1b3680a587b',
    win_amd64: '855632ee1d2a8491986efa54c562b806cd32477761889a1e13624b519d98a45e',
    win_arm64: 'bf988bf510772785eac1edfc7cdedca074e8936b45e755b58f7f3e1e9ca86424',
  },
} as const;

/** The requirements file with which pip takes the wheel for this machine, and nothing but it. */
export function renderPinnedUvRequirement(): string {
  const hashes = Object.values(pinnedUv.wheels).map((hash) => `--hash=sha256:${hash}`);
  return `${[`uv==${pinnedUv.version}`, ...hashes].join(' \\\n    ')}\n`;
}
