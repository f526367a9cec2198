import { TareError } from '../../base/errors.ts';
import { parseFailure } from './failure.ts';
import { findCause } from './failure-causes.ts';
import type { BuilderName, BuildRequest, BuildSecret } from './types.ts';

/** That a builder which answered did not build the image: the line, what the step said, the cause and the cure where they are known. */
export function buildFailed(builder: BuilderName, output: string, request: BuildRequest): TareError {
  const { line, instruction, said, cause } = parseFailure(createMask(request.secrets)(output), request.dockerfile);
  const place = line === undefined ? '' : ` at line ${line} of the Dockerfile`;
  const lines = said.length === 0 ? ['it gives no reason'] : said.map((one) => one.slice(0, 500));
  return new TareError({
    code: 'ENGINE_BUILD_FAILED',
    message: [
      `${builder} did not build the image${place}${cause === undefined ? '' : `: ${cause.what}`}`,
      ...lines.map((one) => `  ${one}`),
    ].join('\n'),
    ...(instruction === undefined || line === undefined
      ? {}
      : { where: `Dockerfile:${line}: ${instruction.slice(0, 300)}` }),
    hint: cause?.hint ?? 'see all that it says with `--progress plain`, and the file with `tare dockerfile`',
    transient: cause?.transient ?? false,
  });
}

/** That the image was built and did not get to where it was wanted. */
export function pushFailed(
  builder: BuilderName,
  kind: 'layout' | 'push',
  tag: string | undefined,
  output: string,
): TareError {
  const cause = findCause(output);
  const said = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-5);
  return new TareError({
    code: 'ENGINE_EXPORT_FAILED',
    message: [
      `${builder} built the image but did not ${kind === 'push' ? `push it to ${tag ?? 'its registry'}` : 'give it out'}${cause === undefined ? '' : `: ${cause.what}`}`,
      ...said.map((line) => `  ${line.slice(0, 500)}`),
    ].join('\n'),
    hint:
      cause?.hint ?? (kind === 'push' ? 'see whether the registry takes it: `tare push`' : 'build without --engine'),
    transient: cause?.transient ?? false,
  });
}

/** Takes passwords and tokens of secrets out of a text, wherever a step printed them. */
export function createMask(secrets: readonly BuildSecret[]): (text: string) => string {
  const words = secretWords(secrets.map(({ content }) => content));
  return (text) => words.reduce((masked, word) => masked.replaceAll(word, '…'), text);
}

/** Passwords and tokens in the texts of secrets: what stands before `@` in an address, and behind `password`. */
function secretWords(texts: readonly string[]): readonly string[] {
  const words = texts.flatMap((text) => [
    ...[...text.matchAll(/:\/\/([^\s/@]+)@/g)].flatMap(([, user = '']) => [user, ...user.split(':').slice(1)]),
    ...[...text.matchAll(/\bpassword\s+("?)(\S+)\1/g)].map(([, , word = '']) => word),
  ]);
  const decoded = words.flatMap((word) => [word, safelyDecoded(word)]);
  // The longest first: one may be part of another.
  return [...new Set(decoded)].filter((word) => word.length >= 4).sort((a, b) => b.length - a.length);
}

function safelyDecoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
