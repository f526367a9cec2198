import { type Reference, renderReference, withWholeName } from '../../oci/reference.ts';
import type { LoadCommands } from './load-client.ts';

const withTag = (reference: Reference): Reference => {
  const { digest: _digest, ...named } = reference;
  return { ...named, tag: named.tag ?? 'latest' };
};

const platformFlag = (platform: string | undefined): readonly string[] =>
  platform === undefined ? [] : ['--platform', platform];

export const dockerCommands: LoadCommands = {
  nameOf: (reference) => renderReference(withTag(reference)),
  // A registry on 127.0.0.0/8 may do without TLS unless the engine is told otherwise.
  pull: (source, platform) => ['pull', '--quiet', ...platformFlag(platform), source],
  tag: (source, name) => ['tag', source, name],
  untag: (source) => ['rmi', source],
  remove: (source) => ['rmi', source],
  load: (archive) => ['load', '--quiet', '--input', archive],
};

export const podmanCommands: LoadCommands = {
  // As podman calls what it builds itself: in an archive the name would become one of Docker's registry.
  nameOf: (reference) => renderReference({ registry: 'localhost', ...withTag(reference) }),
  pull: (source, platform) => ['pull', '--quiet', '--tls-verify=false', ...platformFlag(platform), source],
  tag: (source, name) => ['tag', source, name],
  untag: (source) => ['untag', source, source],
  remove: (source) => ['rmi', source],
  load: (archive) => ['load', '--quiet', '--input', archive],
};

/** containerd's own command, which knows no short names. */
export const ctrCommands: LoadCommands = {
  nameOf: (reference) => renderReference(withWholeName(withTag(reference))),
  pull: (source, platform) => ['images', 'pull', '--plain-http', ...platformFlag(platform), source],
  tag: (source, name) => ['images', 'tag', '--force', source, name],
  untag: (source) => ['images', 'rm', source],
  remove: (source) => ['images', 'rm', source],
  load: (archive) => ['images', 'import', archive],
};

/** containerd where its people use docker's words: without root, and in the machines of Rancher and Lima. */
export const nerdctlCommands: LoadCommands = {
  ...dockerCommands,
  pull: (source, platform) => ['pull', '--quiet', '--insecure-registry', ...platformFlag(platform), source],
  load: (archive) => ['load', '--input', archive],
};
