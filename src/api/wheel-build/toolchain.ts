import { TareError } from '../../base/errors.ts';
import type { TargetInputs } from '../../build/inputs.ts';
import { openSuite } from '../../debian/mirror.ts';
import type { DebPackage } from '../../debian/package.ts';
import { parseRelations } from '../../debian/relation.ts';
import { solvePackages } from '../../debian/solve.ts';
import type { NativeSigns } from '../../wheel-build/native-signs.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import { openBaseSuite } from '../indexes/debian.ts';
import type { BuildWish } from './types.ts';

/** What building needs beside the base. */
export interface Toolchain {
  readonly debs: readonly DebPackage[];
  readonly debian: TargetInputs['debian'];
  /** Why there is one; absent where there is none. */
  readonly reason?: string;
}

const compilers = ['gcc', 'g++', 'make', 'libc6-dev', 'pkg-config'];
/** What scripts of builds count on, as every Debian has it; a composed root does without most of it. */
const essentials = [
  ...['bash', 'coreutils', 'diffutils', 'findutils', 'grep', 'gzip', 'hostname', 'mawk', 'perl-base', 'sed', 'tar'],
];
const rust = ['rustc', 'cargo'];

/** The Debian packages of a toolchain, of the base's own suite; none where the source is Python alone and nothing is asked for. */
export async function resolveToolchain(
  { tools: { context }, config }: Pick<BuildWish, 'tools' | 'config'>,
  base: ResolvedBase,
  signs: NativeSigns,
): Promise<Toolchain> {
  const asked = config.buildPackages;
  const reason = signs.compiler ?? signs.rust ?? (asked.length === 0 ? undefined : 'packages are asked for');
  if (reason === undefined) return { debs: [], debian: base.debian };
  const { suite, architecture } = base.base;
  if (suite === undefined) throw suiteUnknown(base, reason);
  const { index, debian } =
    'image' in base
      ? await openBaseSuite(context, base.debian, base.image, suite)
      : { index: await openSuite(context, base.debian, suite, architecture), debian: base.debian };
  const names = [...compilers, ...essentials, ...headersOf(base), ...(signs.rust === undefined ? [] : rust), ...asked];
  const missing = asked.find((name) => index.find(name) === undefined && index.providers(name).length === 0);
  if (missing !== undefined) throw packageUnknown(missing, suite);
  const there = new Set(base.base.packages.map((one) => one.name));
  const provided = 'image' in base ? there : new Set([...there, ...onlyForScripts]);
  const wanted = parseRelations(names.join(', '), index.architecture);
  return { debs: solvePackages(index, { wanted, provided }), debian, reason };
}

/** Debian keeps the headers of its Python apart; every other has its own. */
function headersOf({ python: { interpreter, version } }: ResolvedBase): readonly string[] {
  return interpreter === `/usr/bin/python${version}` ? [`python${version}-dev`] : [];
}

/** What only maintainer scripts call, none of which is run. */
const onlyForScripts = ['debconf', 'debconf-2.0', 'debianutils', 'dpkg', 'libdebconfclient0'];

function suiteUnknown({ base }: ResolvedBase, reason: string): TareError {
  return new TareError({
    code: 'BUILD_TOOLCHAIN_MISSING',
    message: `the base \`${base.provider === 'image' ? base.title : ''}\` has no Debian suite that a compiler could be taken from`,
    actual: reason,
    hint: 'use a base made from Debian, or a version of the package that has a wheel',
  });
}

function packageUnknown(name: string, suite: string): TareError {
  return new TareError({
    code: 'BUILD_PACKAGE_UNKNOWN',
    message: `Debian ${suite} has no package \`${name}\` to build wheels with`,
    where: '`build-packages`',
    hint: 'correct the name: headers are in packages that end in `-dev`, for example `libpq-dev`',
  });
}
