import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PublicKey, VerifyMessageResult } from 'openpgp';
import { ownFile } from '../base/own-files.ts';
import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';

const begin = '-----BEGIN PGP SIGNED MESSAGE-----';
const end = '-----END PGP SIGNATURE-----';

/** The Debian archive's public keys that tare carries, armoured: bullseye, bookworm and trixie. */
export async function readArchiveKeys(): Promise<readonly string[]> {
  const folder = fileURLToPath(ownFile('debian/keys/'));
  const names = sortedBy(await readdir(folder), (name) => name).filter((name) => name.endsWith('.asc'));
  return Promise.all(names.map((name) => readFile(`${folder}${name}`, 'utf8')));
}

/**
 * Verifies a clear-signed message (RFC 9580, 7) and returns the text that is signed, nothing else of the file.
 * At least one signature must be good at `date` and made by one of the armoured `keys`.
 */
export async function verifyClearsigned(
  text: string,
  keys: readonly string[],
  where: string,
  date: Date,
): Promise<string> {
  assertNothingOutside(text, where);
  const openpgp = await import('openpgp');
  const verificationKeys = await parseKeys(keys);
  const message = await openpgp.readCleartextMessage({ cleartextMessage: text }).catch((error: unknown) => {
    throw signatureInvalid(where, 'it cannot be read', error);
  });
  const result = await openpgp.verify({ message, verificationKeys, date }).catch((error: unknown) => {
    throw signatureInvalid(where, 'it cannot be checked', error);
  });
  const outcomes = await Promise.all(result.signatures.map((signature) => outcomeOf(signature, verificationKeys)));
  if (!outcomes.some((outcome) => outcome.kind === 'good')) {
    const bad = outcomes.find((outcome) => outcome.kind === 'bad');
    if (bad !== undefined) throw signatureInvalid(where, `the signature by key ${bad.keyId} is not good`, bad.cause);
    throw keyUnknown(
      where,
      outcomes.map((outcome) => outcome.keyId),
    );
  }
  return message.getText();
}

/** What stands before or behind the signed message is signed by nobody, and a reader could take it for part of it. */
function assertNothingOutside(text: string, where: string): void {
  const trimmed = text.trimEnd();
  const isWhole = text.startsWith(`${begin}\n`) || text.startsWith(`${begin}\r\n`);
  if (!isWhole || !trimmed.endsWith(end)) throw signatureInvalid(where, 'there is text outside the signed part');
  if (trimmed.indexOf(`\n${begin}`) >= 0 || trimmed.indexOf(end) !== trimmed.length - end.length) {
    throw signatureInvalid(where, 'there is more than one signed part');
  }
}

/** Armoured keys, several to a text where they follow one another. */
async function parseKeys(texts: readonly string[]): Promise<PublicKey[]> {
  const { readKeys } = await import('openpgp');
  const blocks = texts.flatMap((text) => text.split(/(?=-----BEGIN PGP PUBLIC KEY BLOCK-----)/));
  const keys = blocks
    .filter((block) => block.includes('-----BEGIN'))
    .map((armoredKeys) =>
      readKeys({ armoredKeys }).catch((error: unknown) => {
        throw new TareError({
          code: 'DEBIAN_KEY_INVALID',
          message: 'a key of the Debian archive cannot be read',
          expected: 'armoured OpenPGP public keys, beginning with `-----BEGIN PGP PUBLIC KEY BLOCK-----`',
          hint: 'export it with `gpg --armor --export`, and check `keys` in `[tool.tare.debian]`',
          cause: error,
        });
      }),
    );
  return (await Promise.all(keys)).flat();
}

type VerificationResult = VerifyMessageResult<string>['signatures'][number];

interface Outcome {
  readonly kind: 'good' | 'bad' | 'unknown';
  readonly keyId: string;
  readonly cause?: unknown;
}

async function outcomeOf(signature: VerificationResult, keys: readonly PublicKey[]): Promise<Outcome> {
  const keyId = signature.keyID.toHex().toUpperCase();
  try {
    await signature.verified;
    return { kind: 'good', keyId };
  } catch (cause) {
    const isKnown = keys.some((key) => key.getKeys(signature.keyID).length > 0);
    return { kind: isKnown ? 'bad' : 'unknown', keyId, cause };
  }
}

function signatureInvalid(where: string, problem: string, cause?: unknown): TareError {
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  return new TareError({
    code: 'DEBIAN_SIGNATURE_INVALID',
    message: `the signature of the Debian release file does not hold: ${problem}${reason}`,
    where,
    hint: 'what the mirror sent is not what Debian signed: use another mirror, and find out who changed it',
    cause,
  });
}

function keyUnknown(where: string, keyIds: readonly string[]): TareError {
  return new TareError({
    code: 'DEBIAN_KEY_UNKNOWN',
    message: 'the Debian release file is signed by a key that is not trusted',
    where,
    expected: 'a signature by a Debian archive key, or by a key from `keys` in `[tool.tare.debian]`',
    actual: keyIds.length === 0 ? 'no signature' : `signed by ${keyIds.join(', ')}`,
    hint: 'if the mirror signs its own index, give its public key: `keys = ["mirror-key.asc"]` in `[tool.tare.debian]`',
  });
}
