import type { DockerfileSecret, SecretId } from './types.ts';

/** The bundle of certificates of Debian and its images: what is mounted over it is what apt, pip and uv trust in that step. */
export const systemBundle = '/etc/ssl/certs/ca-certificates.crt';

export const dockerfileSecrets: Readonly<Record<SecretId, DockerfileSecret>> = {
  pip_conf: {
    id: 'pip_conf',
    target: '/etc/pip.conf',
    purpose: 'settings of pip: indexes, mirrors',
    format: 'a pip.conf; `cert` is not needed, see `ca`',
    example: '~/.config/pip/pip.conf',
  },
  netrc: {
    id: 'netrc',
    target: '/root/.netrc',
    purpose: 'user names and passwords of indexes, by host',
    format: 'netrc',
    example: '~/.netrc',
  },
  uv_toml: {
    id: 'uv_toml',
    target: '/etc/uv/uv.toml',
    purpose: 'settings of uv: indexes, mirrors',
    format: 'a uv.toml; no indexes where uv.lock names its own, as `--locked` compares them',
    example: '~/.config/uv/uv.toml',
  },
  apt_sources: {
    id: 'apt_sources',
    target: '/etc/apt/sources.list.d/debian.sources',
    purpose: 'where Debian packages come from: a mirror',
    format: 'deb822 sources of the suite of the base',
    example: '/etc/apt/sources.list.d/debian.sources',
  },
  ca: {
    id: 'ca',
    target: systemBundle,
    purpose: 'certificates to trust while building, in place of those of the base: all of them, the public ones too',
    format: 'PEM',
    example: systemBundle,
  },
};
