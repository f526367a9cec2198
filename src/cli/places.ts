import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';

/** `HOST[:PORT]/NAME[:TAG][@DIGEST]`: the host has a dot or a port, else a mistyped path would be asked for at Docker's registry. */
const looksLikeReference =
  /^(?:localhost|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+|[a-z0-9][a-z0-9.-]*(?=:\d)|\[[0-9a-f:]+\])(?::\d+)?(?:\/[a-z0-9][a-z0-9._-]*)+(?::\w[\w.-]*)?(?:@sha256:[0-9a-f]{64})?$/;

/** A place of an image on the command line, with its path made absolute; an image of a registry or an engine stays as it is. */
export function absolutePlace(place: string, cwd: string): string {
  if (/^(?:docker:\/\/|docker-daemon:|podman:)/.test(place)) return place;
  const [, kind, path] = /^(oci|oci-archive|docker-archive):(.+)$/.exec(place) ?? [];
  if (kind !== undefined && path !== undefined) return `${kind}:${resolve(cwd, path)}`;
  return resolve(cwd, place);
}

/** As `absolutePlace`, where a word with a `/` that names nothing here may be an image of a registry. */
export function placeOrReference(place: string, cwd: string): string {
  if (
    /^(?:docker:\/\/|docker-daemon:|podman:)/.test(place) ||
    !looksLikeReference.test(place) ||
    existsSync(resolve(cwd, place))
  )
    return absolutePlace(place, cwd);
  return `docker://${place}`;
}

/** `oci:.tare/image` where that is shorter than the absolute path. */
export function shortenOutput(output: string, cwd: string): string {
  const at = output.indexOf(':') + 1;
  const short = relative(cwd, output.slice(at));
  return short !== '' && short.length < output.length - at ? `${output.slice(0, at)}${short}` : output;
}
