import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/order.ts';
import type { BuiltTarget } from '../../build/build.ts';
import type { TargetInputs } from '../../build/inputs.ts';
import { describeElsewhere, suitesWithLibrary } from '../../debian/mirror-elsewhere.ts';
import { imageDigest } from '../../oci/image.ts';
import type { Target } from '../../plan/types.ts';
import type { Cache } from '../../store/cache.ts';
import { type VerifiedFinding, type VerifiedPlatform, verifyPlatform } from '../verify.ts';

/** Raised whenever the same image may be judged otherwise. */
const verdictVersion = 2;

/** Proves a built image before it is written: the last step of every build. Throws `IMAGE_UNSOUND`. */
export async function verifyBuilt(
  context: Context,
  cache: Cache,
  built: BuiltTarget,
  inputs: TargetInputs,
  allow: readonly string[],
): Promise<VerifiedPlatform> {
  const key = canonicalJson({ verdictVersion, image: imageDigest(built.image), allow });
  const known = await cache.readRecord('verdict', key);
  const verdict = isVerdict(known) ? known : await verifyPlatform(built.image, { allow }, cache, context);
  const errors = verdict.findings.filter((one) => one.severity === 'error' && !one.isAllowed);
  if (errors.length > 0) throw await unsound(context, built.target, inputs, errors);
  if (verdict !== known) await cache.writeRecord('verdict', key, verdict);
  return verdict;
}

function isVerdict(value: unknown): value is VerifiedPlatform {
  return typeof value === 'object' && value !== null && 'findings' in value && 'checked' in value;
}

/** As many as a person reads. */
const mostShown = 20;

async function unsound(
  context: Context,
  target: Target,
  inputs: TargetInputs,
  errors: readonly VerifiedFinding[],
): Promise<TareError> {
  const shown = errors.slice(0, mostShown).map((one) => `  ${one.code}: ${one.chain?.join(' → ') ?? one.message}`);
  const more = errors.length > mostShown ? [`  and ${errors.length - mostShown} more`] : [];
  const codes = [...new Set(errors.map((one) => one.code))];
  return new TareError({
    code: 'IMAGE_UNSOUND',
    message: [`the image for ${target.platform} would not work:`, ...shown, ...more].join('\n'),
    hint: [
      ...(await hintsOf(context, target, inputs, errors)),
      `to build it all the same: ${codes.map((code) => `--allow ${code}`).join(' ')}`,
    ].join('; '),
  });
}

async function hintsOf(
  context: Context,
  target: Target,
  inputs: TargetInputs,
  errors: readonly VerifiedFinding[],
): Promise<readonly string[]> {
  const missing = new Set(errors.flatMap((one) => (one.code === 'library-missing' ? (one.chain?.at(-1) ?? []) : [])));
  const open = target.system.open.filter((one) => missing.has(one.name));
  const excluded = open.filter((one) => one.because.rule.includes('exclude-system-packages'));
  const unknown = open.filter((one) => one.kind === 'library' && !excluded.includes(one)).map((one) => one.name);
  const own = errors.flatMap((one) => one.hint ?? []);
  const { suite, architecture } = target.base;
  const elsewhere =
    suite === undefined || unknown.length === 0
      ? []
      : [...(await suitesWithLibrary(context, inputs.debian, suite, architecture, unknown))].map(([soname, found]) =>
          describeElsewhere(soname, suite, found),
        );
  return [
    ...new Set([
      ...excluded.map(
        (one) => `\`${one.name}\` is in a package that \`exclude-system-packages\` names: take it out there`,
      ),
      ...elsewhere,
      ...own,
    ]),
  ].slice(0, 5);
}
