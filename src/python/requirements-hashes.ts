import { type Digest, parseDigest } from '../base/digest.ts';
import { isTareError, TareError } from '../base/errors.ts';
import type { LineOption } from './requirements-options.ts';

interface RequirementHashes {
  readonly hashes: readonly Digest[];
  readonly otherHashes: readonly string[];
}

/** The hashes behind a requirement. Throws `REQUIREMENTS_HASH_INVALID`. */
export function hashesOf(options: readonly LineOption[], where: string): RequirementHashes {
  const hashes: Digest[] = [];
  const otherHashes: string[] = [];
  for (const { name, value } of options) {
    if (name !== 'hash') continue;
    const [algorithm = '', digest = ''] = value.split(':', 2);
    if (algorithm === 'sha256') hashes.push(parseHash(value, where));
    else if (/^(?:sha384|sha512)$/.test(algorithm) && /^[0-9a-fA-F]+$/.test(digest)) otherHashes.push(algorithm);
    else
      throw invalid(
        'REQUIREMENTS_HASH_INVALID',
        `\`--hash=${value.slice(0, 80)}\` is no hash`,
        { where },
        'write it as `--hash=sha256:` and 64 hexadecimal digits',
      );
  }
  return { hashes: [...new Set(hashes)], otherHashes };
}

function parseHash(value: string, where: string): Digest {
  try {
    return parseDigest(value.toLowerCase(), where);
  } catch (error) {
    if (!isTareError(error)) throw error;
    throw invalid(
      'REQUIREMENTS_HASH_INVALID',
      `\`--hash=${value.slice(0, 80)}\` is no SHA-256 hash`,
      { where },
      'write it as `--hash=sha256:` and 64 hexadecimal digits',
    );
  }
}

/** An error of a requirements file. */
export function invalid(code: string, message: string, at: { readonly where?: string }, hint: string): TareError {
  return new TareError({ code, message, ...at, hint });
}
