import { dirname, join, relative, sep } from 'node:path';
import { readTextIfThere, writeFileAtomically } from '../../base/atomic-file.ts';
import { TareError } from '../../base/errors.ts';
import type { InlineConfig } from '../../config/schema.ts';
import { type BakeService, bakeNames, renderBake } from '../../dockerfile/bake.ts';
import type { MeteredContext } from '../context.ts';
import { type DockerfileResult, type DockerfileWish, writeDockerfile } from '../dockerfile.ts';

export interface BakeWish extends DockerfileWish {
  /** Absolute path of the bake file. */
  readonly file: string;
  readonly force: boolean;
}

/** What `tare dockerfile --bake --json` prints. */
export interface BakeReport {
  /** Absolute. */
  readonly file: string;
  readonly targets: readonly { readonly name: string; readonly directory: string; readonly variant: string }[];
  /** Absolute paths of the files that changed. */
  readonly written: readonly string[];
}

/** The Dockerfiles of several applications, and one bake file for all. Throws `DOCKERFILE_FOREIGN` for a file that is not tare's. */
export async function bakeDockerfiles(
  directories: readonly string[],
  inline: InlineConfig,
  wish: BakeWish,
  context: MeteredContext,
): Promise<BakeReport> {
  const results: DockerfileResult[] = [];
  const written: string[] = [];
  for (const directory of directories) {
    const made = await writeDockerfile(directory, inline, { ...wish, file: join(directory, 'Dockerfile') }, context);
    results.push(made.result);
    written.push(...made.written);
  }
  const names = bakeNames(results.map(({ plan }) => plan.project.name));
  const services = results.map((result, at): BakeService => serviceOf(result, names[at] ?? '', wish.file));
  const text = renderBake(services);
  if (await writeBake(wish.file, text, wish.force)) written.push(wish.file);
  return {
    file: wish.file,
    targets: results.map(({ root, variant }, at) => ({ name: names[at] ?? '', directory: root, variant })),
    written,
  };
}

function serviceOf({ plan, root, name: tag, shared }: DockerfileResult, name: string, file: string): BakeService {
  const folder = relative(dirname(file), root).split(sep).join('/');
  return {
    name,
    context: folder === '' ? '.' : folder,
    dockerfile: 'Dockerfile',
    tag,
    platforms: plan.targets.map(({ platform }) => platform),
    ...(shared === undefined ? {} : { shared }),
  };
}

/** JSON has no comments to put a mark in: one that holds other targets than ours is somebody else's. */
async function writeBake(file: string, text: string, force: boolean): Promise<boolean> {
  const before = await readTextIfThere(file);
  if (before === text) return false;
  if (before !== undefined && !force && !isOwn(before)) {
    throw new TareError({
      code: 'DOCKERFILE_FOREIGN',
      message: `\`${file}\` was not written by tare, or has more in it`,
      hint: 'write to another file with `-o FILE`, or overwrite it with `--force`',
    });
  }
  await writeFileAtomically(file, text);
  return true;
}

const ownKeys = new Set(['context', 'contexts', 'dockerfile', 'dockerfile-inline', 'target', 'tags', 'platforms']);

function isOwn(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!isTable(parsed) || !isTable(parsed['target'])) return false;
    const isKnown = Object.keys(parsed).every((key) => key === 'group' || key === 'target');
    const targets = Object.values(parsed['target']);
    return isKnown && targets.every((one) => isTable(one) && Object.keys(one).every((key) => ownKeys.has(key)));
  } catch {
    return false;
  }
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
