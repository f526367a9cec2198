import { createHash } from 'node:crypto';
import { TareError } from './errors.ts';

/** `sha256:` and 64 lower-case hexadecimal digits (OCI image specification, descriptor, "Digests"). */
export type Digest = string & { readonly ' brand': 'Digest' };

const digestPattern = /^sha256:[0-9a-f]{64}$/;

export function parseDigest(text: string, where?: string): Digest {
  if (!digestPattern.test(text)) {
    throw new TareError({
      code: 'DIGEST_INVALID',
      message: `\`${text.slice(0, 100)}\` is not a digest`,
      expected: '`sha256:` and 64 hexadecimal digits',
      ...(where === undefined ? {} : { where }),
    });
  }
  return text as Digest;
}

export function digestFromHex(hex: string, where?: string): Digest {
  return parseDigest(`sha256:${hex.toLowerCase()}`, where);
}

/** The 64 hexadecimal digits, without the algorithm. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
