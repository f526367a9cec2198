import { digestFromHex } from '../base/digest.ts';
import type { ArchiveSource } from './build-source.ts';
import { filenameOfLocation } from './requirement-location.ts';
import { isSdistFilename } from './wheel-choice.ts';

/** A repository as a requirement names it: the commit may still be a branch, a tag, or nothing. */
export interface GitReference {
  readonly kind: 'git-reference';
  readonly url: string;
  readonly revision?: string;
  readonly subdirectory?: string;
}

/**
 * What the address of a requirement names that a wheel can be built from: `git+https://…@REVISION#subdirectory=…`, or a source archive
 * with its hash (direct URL references of PEP 440 and 508; pip, "VCS Support"). Undefined for all else.
 */
export function parseDirectSource(address: string): GitReference | ArchiveSource | undefined {
  const [before = '', fragment = ''] = address.split('#', 2);
  const values = new URLSearchParams(fragment);
  const subdirectory = values.get('subdirectory');
  const inside = subdirectory === null || subdirectory === '' ? {} : { subdirectory };
  const git = /^git\+(.+)$/s.exec(before)?.[1];
  if (git !== undefined) {
    // `@` also stands between a user and a host.
    const [, url = git, revision] = /^([a-z+]+:\/\/[^/]*\/[^@]*)@(.+)$/is.exec(git) ?? [];
    if (url.startsWith('-') || revision?.startsWith('-') === true) return undefined;
    return { kind: 'git-reference', url, ...(revision === undefined ? {} : { revision }), ...inside };
  }
  const filename = filenameOfLocation(before);
  const hex = values.get('sha256') ?? '';
  if (!/^(?:https?|file):/.test(before) || !isSdistFilename(filename) || !/^[0-9a-f]{64}$/i.test(hex)) return undefined;
  return { kind: 'archive', filename, sha256: digestFromHex(hex), url: before, ...inside };
}
