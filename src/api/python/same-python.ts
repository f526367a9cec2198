import { TareError } from '../../base/errors.ts';
import { pythonSuffix } from '../../plan/python.ts';
import type { ResolvedBase } from '../base/resolution.ts';

/** The application is laid out once for all platforms, so they have one Python. Throws `PYTHON_DIFFERS`. */
export function assertSamePython(
  bases: readonly Pick<ResolvedBase, 'python'>[],
  platforms: readonly { readonly platform: string }[],
): void {
  const found = bases.map(({ python }) => pythonSuffix(python));
  if (new Set(found).size <= 1) return;
  throw new TareError({
    code: 'PYTHON_DIFFERS',
    message: 'the platforms would have different Pythons',
    expected: 'one Python for all platforms',
    actual: platforms.map(({ platform }, at) => `${found[at]} for ${platform}`).join(', '),
    hint: `name one that all have, such as \`--python ${found[0]}\`, or build each platform by itself`,
  });
}
