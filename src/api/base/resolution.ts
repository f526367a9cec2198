import type { BaseImage } from '../../base-image/base-image.ts';
import type { Because } from '../../base/because.ts';
import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import { debianPythons, glibcOf, pythonOf } from '../../debian/core-set.ts';
import type { DebianMirrorConfig } from '../../debian/mirror.ts';
import type { DebPackage } from '../../debian/package.ts';
import type { IndexState } from '../../lock/types.ts';
import { allowsPython, resolvePython } from '../../plan/python.ts';
import type { Architecture } from '../../plan/target.ts';
import type { ComposedBase, ImageBase, PlannedPython } from '../../plan/types.ts';
import type { PythonFact } from '../../project/facts.ts';
import type { Cache } from '../../store/cache.ts';
import { resolveDebian } from '../indexes/debian.ts';
import { type BaseLock, lockedBase } from '../lock/locked-base.ts';
import { type PackagePins, pinsOf } from '../lock/pins.ts';
import type { RuledOutPython } from '../python/which-python.ts';
import type { OpenedRoots } from '../registry/remote-root.ts';
import { archivePlaceOf } from './archive-place.ts';
import { plannedPackages, resolveCoreSet, venvPrefix } from './core-set.ts';
import { resolveNamedImage } from './image.ts';
import { resolveSlimImage, slimImageFor } from './slim-image.ts';
import { type ResolvedStandalone, resolveStandalone } from './standalone.ts';

export type ResolvedBase = ResolvedComposed | ResolvedStandalone | ResolvedImage;

export interface ResolvedComposed {
  readonly base: ComposedBase;
  readonly python: PlannedPython;
  readonly debs: readonly DebPackage[];
  /** Where packages come from. */
  readonly debian: DebianMirrorConfig;
  /** The state of the suite's index that the packages are from, where it was asked. */
  readonly index?: IndexState;
}

export interface ResolvedImage {
  readonly base: ImageBase;
  readonly python: PlannedPython;
  readonly debs: readonly [];
  readonly debian: DebianMirrorConfig;
  readonly image: BaseImage;
}

/** What is asked of a base. */
export interface BaseWish {
  readonly config: ResolvedConfig;
  readonly python: PythonFact | undefined;
  /** Absolute folder that a relative path of the configuration starts from. */
  readonly project: string;
  /** Pythons for which a requirement has no wheel. */
  readonly ruledOut?: readonly RuledOutPython[];
  /** What a lock of the image says, by platform. */
  readonly lock?: (platform: string) => BaseLock | undefined;
  /** What the tags of images stand for in this build. */
  readonly roots?: OpenedRoots;
}

/**
 * The base for an architecture: an OCI image where one is named, a composed Debian where a suite has a Python that the project
 * allows, else the Python of an archive on a composed Debian, where archives can be had, else Docker's image of that Python.
 */
export async function resolveBase(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
): Promise<ResolvedBase> {
  const { config, python, project } = wish;
  const { base } = config;
  const locked = await lockedBase(context, cache, wish, architecture);
  if (locked !== undefined) return locked;
  if (base !== undefined && base !== 'debian' && base !== 'standalone') {
    return resolveNamedImage(context, cache, wish, architecture);
  }
  if (base === 'standalone' || (base === undefined && !hasDebianPython(python))) {
    const place = await archivePlaceOf(context, wish);
    if (place !== undefined) return resolveStandalone(context, cache, wish, architecture, place);
    if (base === 'standalone') throw archiveMissing();
    const slim = slimImageFor(python);
    if (slim !== undefined) return resolveSlimImage(context, cache, wish, architecture, slim);
  }
  const chosen = chooseDebianPython(python, wish.ruledOut);
  const debian = await resolveDebian(context, config, project, chosen.suite, architecture.debian);
  return resolveComposedBase(context, cache, debian, { ...chosen, ...pinsOf(wish, architecture) }, architecture);
}

function hasDebianPython(python: PythonFact | undefined): boolean {
  return python === undefined || debianPythons.some((one) => allowsPython(python, one.python));
}

function archiveMissing(): TareError {
  return new TareError({
    code: 'PYTHON_ARCHIVE_MISSING',
    message: 'the base is to have the Python of an archive, and nothing says where archives are',
    expected: '`archive` in `[tool.tare.standalone]`, or `python-install-mirror` of uv',
    hint: archiveChoice,
  });
}

const archiveChoice =
  'name a python-build-standalone archive that has it: `[tool.tare.standalone] archive = "FILE, FOLDER or ADDRESS"` (docs/standalone-python.md)';

/** A Python that a Debian suite has, but for those that are ruled out. Throws `PYTHON_UNSUPPORTED`. */
export function chooseDebianPython(
  python: PythonFact | undefined,
  ruledOut: readonly RuledOutPython[] = [],
): DebianChoice {
  const left = debianPythons.filter((one) => !ruledOut.some((out) => out.python === one.python));
  const chosen = resolvePython(
    python,
    left.map((one) => ({ ...one, origin: `Debian ${one.suite}` })),
    [archiveChoice, 'build on an image that has it: `--base docker://REFERENCE` or `--base oci:DIR`'],
  );
  if (ruledOut.length === 0) return chosen;
  const why = ruledOut.map((out) => `not ${out.python}, as ${out.reason}`).join('; ');
  return { ...chosen, because: { ...chosen.because, rule: `${chosen.because.rule}; ${why}` } };
}

/** Any Python of Debian's, that which the project wants where there is a choice. */
export function chooseAnyDebianPython(python: PythonFact | undefined): DebianChoice {
  return chooseDebianPython(hasDebianPython(python) ? python : undefined);
}

export interface DebianChoice {
  readonly python: string;
  readonly suite: string;
  readonly because: Because;
  readonly pins?: PackagePins;
}

/** The composed Debian for a Python and an architecture. Solving is remembered by the digest of the suite's index. */
export async function resolveComposedBase(
  context: Context,
  cache: Cache,
  debian: DebianMirrorConfig,
  chosen: DebianChoice,
  architecture: Architecture,
): Promise<ResolvedComposed> {
  const { debs, index } = await resolveCoreSet(context, cache, debian, chosen, architecture);
  return {
    debs,
    debian,
    index,
    base: {
      provider: 'debian',
      suite: chosen.suite,
      architecture: architecture.debian,
      glibc: glibcOf(debs),
      packages: plannedPackages(debs),
      because: { rule: `the Debian suite that has Python ${chosen.python}` },
    },
    python: {
      version: chosen.python,
      fullVersion: pythonOf(debs, chosen.python),
      abi: abiOf(chosen.python),
      interpreter: `/usr/bin/python${chosen.python}`,
      prefix: venvPrefix,
      because: chosen.because,
    },
  };
}

function abiOf(python: string): string {
  return `cp${python.replace('.', '')}`;
}
