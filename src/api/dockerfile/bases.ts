import type { Context } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import { once } from '../../base/once.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import { debianPythons } from '../../debian/core-set.ts';
import type { BaseReference } from '../../dockerfile/types.ts';
import { renderReference } from '../../oci/reference.ts';
import { allowsPython } from '../../plan/python.ts';
import type { ProjectFacts } from '../../project/facts.ts';
import type { Cache } from '../../store/cache.ts';
import { chooseDebianPython } from '../base/resolution.ts';
import { slimImageFor } from '../base/slim-image.ts';
import { parseRegistryReference } from '../registry/access.ts';
import { openRoot } from '../registry/remote-root.ts';

/** The images that a Dockerfile names, pinned as far as the registry answers. */
export interface DockerfileBases {
  readonly base: BaseReference;
  /** That with compilers is asked for only where it is wanted. */
  readonly fullBase: () => Promise<BaseReference>;
  /** The setting with which the plan is made on the same image; absent where it cannot be had. */
  readonly planBase?: string;
}

export interface BaseOptions {
  /** A registry that does not answer is an error. */
  readonly pin: boolean;
  /** The image stands on that with compilers. */
  readonly isFull: boolean;
  /** Digests that the file has already, by the name of the image: they stay. */
  readonly known: ReadonlyMap<string, Digest>;
}

/** Docker's images of a suite without one of its own are on the newest. */
const newestSuite = 'trixie';

/** Throws `DOCKERFILE_BASE`, `PYTHON_UNSUPPORTED`, with `pin` whatever the registry says. */
export async function resolveBases(
  context: Context,
  cache: Cache,
  config: ResolvedConfig,
  facts: ProjectFacts,
  options: BaseOptions,
): Promise<DockerfileBases> {
  const names = baseNames(config, facts);
  const base = await pinned(context, cache, names.base, options);
  const fullBase = once(
    (): Promise<BaseReference> =>
      names.fullBase === names.base ? Promise.resolve(base) : pinned(context, cache, names.fullBase, options),
  );
  const { name, digest } = options.isFull ? await fullBase() : base;
  return { base, fullBase, ...(digest === undefined ? {} : { planBase: `docker://${name}@${digest}` }) };
}

function baseNames(
  { base }: ResolvedConfig,
  { python }: ProjectFacts,
): { readonly base: string; readonly fullBase: string } {
  if (base !== undefined && base !== 'debian' && base !== 'standalone') {
    const name = /^docker:\/\/(.+)$/.exec(base)?.[1];
    if (name !== undefined)
      return { base: renderReference(parseName(name)), fullBase: renderReference(parseName(name)) };
    throw new TareError({
      code: 'DOCKERFILE_BASE',
      message: `the base \`${base}\` is no image that a Dockerfile can name`,
      expected: '`docker://REFERENCE`',
      hint: 'push it to a registry, or leave it out for the official image of the Python',
    });
  }
  const chosen =
    python === undefined || debianPythons.some((one) => allowsPython(python, one.python))
      ? chooseDebianPython(python)
      : { python: slimImageFor(python)?.python, suite: newestSuite };
  // It cannot be had: said by the same error as where the image is built.
  if (chosen.python === undefined) return { base: chooseDebianPython(python).python, fullBase: '' };
  return { base: `python:${chosen.python}-slim-${chosen.suite}`, fullBase: `python:${chosen.python}-${chosen.suite}` };
}

/** As a person wrote it, checked. */
function parseName(name: string): ReturnType<typeof parseRegistryReference> {
  return parseRegistryReference(name);
}

async function pinned(context: Context, cache: Cache, name: string, options: BaseOptions): Promise<BaseReference> {
  const [bare = name, digest] = name.split('@') as [string, Digest | undefined];
  if (digest !== undefined) return { name: bare, digest };
  const known = options.known.get(name);
  if (known !== undefined) return { name, digest: known };
  try {
    const { root } = await openRoot(context, cache, name);
    return { name, digest: root.digest };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isTareError(error) || options.pin) throw error;
    context.log.warn(
      `\`${name}\` is not pinned: its digest is not known (${error.message})`,
      'run the same command where the registry can be reached, or with --pin to make this an error',
    );
    return { name };
  }
}
