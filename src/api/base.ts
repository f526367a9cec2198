import { isAbsolute, join } from 'node:path';
import type { BaseImage } from '../base-image/base-image.ts';
import { assertGlibc } from '../base-image/libc.ts';
import { suiteOf } from '../base-image/os-release.ts';
import { assertPython } from '../base-image/pythons.ts';
import { readBaseImage } from '../base-image/read-base.ts';
import type { Because } from '../base/because.ts';
import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { canonicalJson } from '../base/order.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { debianPythons, glibcOf, pythonOf, resolveCore } from '../debian/core-set.ts';
import { type DebianMirrorConfig, openSuite } from '../debian/mirror.ts';
import type { DebPackage } from '../debian/package.ts';
import { resolveDebian } from './debian.ts';
import { imageDigest } from '../oci/image.ts';
import { parsePlatform } from '../oci/platform.ts';
import { allowsPython, resolvePython } from '../plan/python.ts';
import type { Architecture } from '../plan/target.ts';
import type { ComposedBase, ImageBase, PlannedPython } from '../plan/types.ts';
import type { PythonFact } from '../project/facts.ts';
import type { Cache } from '../store/cache.ts';
import { readLayout } from '../store/read-layout.ts';

export type ResolvedBase = ResolvedComposed | ResolvedImage;

export interface ResolvedComposed {
  readonly base: ComposedBase;
  readonly python: PlannedPython;
  readonly debs: readonly DebPackage[];
  /** Where packages come from. */
  readonly debian: DebianMirrorConfig;
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
}

/** Raised whenever the core set of the same index may differ. */
const coreVersion = 1;
export const venvPrefix = '/opt/venv';

/** The base for an architecture: an OCI image where one is named, else a composed Debian with a Python that the project allows. */
export async function resolveBase(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
): Promise<ResolvedBase> {
  const { config, python, project } = wish;
  if (config.base !== undefined && config.base !== 'debian') {
    return resolveImageBase(context, cache, wish, architecture);
  }
  const chosen = chooseDebianPython(python);
  const debian = await resolveDebian(context, config, project, chosen.suite, architecture.debian);
  return resolveComposedBase(context, cache, debian, chosen, architecture);
}

/** A Python that a Debian suite has. Throws `PYTHON_UNSUPPORTED`. */
export function chooseDebianPython(python: PythonFact | undefined): DebianChoice {
  return resolvePython(
    python,
    debianPythons.map((one) => ({ ...one, origin: `Debian ${one.suite}` })),
  );
}

export interface DebianChoice {
  readonly python: string;
  readonly suite: string;
  readonly because: Because;
}

/** The composed Debian for a Python and an architecture. Solving is remembered by the digest of the suite's index. */
export async function resolveComposedBase(
  context: Context,
  cache: Cache,
  debian: DebianMirrorConfig,
  chosen: DebianChoice,
  architecture: Architecture,
): Promise<ResolvedComposed> {
  const index = await openSuite(context, debian, chosen.suite, architecture.debian);
  const key = canonicalJson({
    coreVersion,
    index: index.digest,
    python: chosen.python,
    architecture: architecture.debian,
    debian,
  });
  const known = await cache.readRecord('core-set', key);
  const debs = isPackages(known) ? known : resolveCore(index, chosen.python);
  if (debs !== known) await cache.writeRecord('core-set', key, debs);
  return {
    debs,
    debian,
    base: {
      provider: 'debian',
      suite: chosen.suite,
      architecture: architecture.debian,
      glibc: glibcOf(debs),
      packages: debs.map(({ name, version, filename, sha256, size }) => ({ name, version, filename, sha256, size })),
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

function isPackages(value: unknown): value is readonly DebPackage[] {
  return Array.isArray(value) && value.length > 0;
}

function abiOf(python: string): string {
  return `cp${python.replace('.', '')}`;
}

async function resolveImageBase(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
): Promise<ResolvedImage> {
  const place = parseBasePlace(wish.config.base ?? '', wish.project);
  const image = await readLayout(place, parsePlatform(architecture.platform));
  const base = await readBaseImage(
    image,
    {
      read: (key) => cache.readRecord('base-layer', key),
      write: (key, value) => cache.writeRecord('base-layer', key, value),
      temporary: () => cache.temporary(),
    },
    context,
  );
  const title = base.osRelease?.prettyName ?? 'an image that does not say what it is';
  const glibc = assertGlibc(base);
  const chosen = choosePython(base, wish.python, title);
  const known = suiteIfKnown(base);
  const debian =
    known.suite === undefined
      ? {}
      : await resolveDebian(context, wish.config, wish.project, known.suite, architecture.debian);
  return {
    image: base,
    debs: [],
    debian,
    base: {
      provider: 'image',
      title,
      ...known,
      architecture: architecture.debian,
      glibc,
      digest: imageDigest(image),
      packageState: base.database.state,
      packages: base.database.packages.map(({ name, version }) => ({ name, version })),
      layers: base.layers.map(({ descriptor }) => ({ digest: descriptor.digest, size: descriptor.size })),
      because: wish.config.sources.base ?? { rule: 'configured' },
    },
    python: chosen,
  };
}

/** Packages can be added where the suite is known; whether any must be is seen later. */
function suiteIfKnown(base: BaseImage): { readonly suite?: string } {
  if (base.osRelease?.id !== 'debian' || base.database.kind === 'none') return {};
  return { suite: suiteOf(base) };
}

/** The base's Python is the plan's Python. */
function choosePython(base: BaseImage, wanted: PythonFact | undefined, title: string): PlannedPython {
  const offered = base.pythons.map((one) => ({ python: one.version, origin: title }));
  if (offered.length === 0) assertPython(base, wanted?.minor ?? '3');
  // The one that PATH finds first, even beside a newer one.
  const first = offered.find((one) => wanted === undefined || allowsPython(wanted, one.python));
  const choice = resolvePython(wanted, first === undefined ? offered : [first]);
  const found = assertPython(base, choice.python);
  return {
    version: found.version,
    ...(found.fullVersion === undefined ? {} : { fullVersion: found.fullVersion }),
    abi: found.abi,
    interpreter: found.interpreter,
    prefix: venvPrefix,
    because: choice.because,
  };
}

/** `oci:DIR`, relative to the project. Throws `BASE_INVALID`. */
function parseBasePlace(text: string, project: string): string {
  const folder = /^oci:(.+)$/.exec(text)?.[1];
  if (folder !== undefined) return isAbsolute(folder) ? folder : join(project, folder);
  throw new TareError({
    code: 'BASE_INVALID',
    message: `\`${text}\` is not a base`,
    expected: '`debian`, or `oci:DIR` for an OCI image layout',
    hint: 'copy the image to a layout first: `skopeo copy docker://REFERENCE oci:base`, then `--base oci:base`',
  });
}
