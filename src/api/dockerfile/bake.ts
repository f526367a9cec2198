import { dirname, join, relative, sep } from 'node:path';
import { writeFileAtomically } from '../../base/atomic-file.ts';
import { TareError } from '../../base/errors.ts';
import type { InlineConfig } from '../../config/schema.ts';
import { type BakeService, bakeNames, isOwnBake, renderBake } from '../../dockerfile/bake.ts';
import type { MeteredContext } from '../context.ts';
import {
  checkDockerfile,
  type DockerfileResult,
  type DockerfileWish,
  type StaleDockerfile,
  writeDockerfile,
} from '../dockerfile.ts';
import { readExisting } from './existing.ts';

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
  const before = await readOwnBake(wish);
  const results: DockerfileResult[] = [];
  const written: string[] = [];
  for (const directory of directories) {
    const made = await writeDockerfile(directory, inline, { ...wish, file: join(directory, 'Dockerfile') }, context);
    results.push(made.result);
    written.push(...made.written);
  }
  const { names, text } = bakeFileOf(results, wish.file);
  if (text !== before) {
    await writeFileAtomically(wish.file, text);
    written.push(wish.file);
  }
  return {
    file: wish.file,
    targets: results.map(({ root, variant }, at) => ({ name: names[at] ?? '', directory: root, variant })),
    written,
  };
}

/** What of the Dockerfiles and of the bake file is not as it would be written; nothing is written. */
export async function checkBake(
  directories: readonly string[],
  inline: InlineConfig,
  wish: Omit<BakeWish, 'force'>,
  context: MeteredContext,
): Promise<readonly StaleDockerfile[]> {
  const results: DockerfileResult[] = [];
  const all: StaleDockerfile[] = [];
  for (const directory of directories) {
    const checked = await checkDockerfile(directory, inline, { ...wish, file: join(directory, 'Dockerfile') }, context);
    results.push(checked.result);
    all.push(...checked.stale);
  }
  const after = bakeFileOf(results, wish.file).text;
  const before = await readExisting(wish.file);
  if (before === undefined) return [...all, { file: wish.file, reason: 'it does not exist' }];
  if (before === after) return all;
  const reason = isOwnBake(before)
    ? 'the project has changed since'
    : 'tare did not write it, or it was changed by hand';
  return [...all, { file: wish.file, reason, texts: { before, after } }];
}

function bakeFileOf(results: readonly DockerfileResult[], file: string) {
  const names = bakeNames(results.map(({ plan }) => plan.project.name));
  const services = results.map((result, at): BakeService => serviceOf(result, names[at] ?? '', file));
  return { names, text: renderBake(services) };
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

/** The bake file that is there; throws before anything is written. */
async function readOwnBake({ file, force }: BakeWish): Promise<string | undefined> {
  const before = await readExisting(file);
  if (before === undefined || force || isOwnBake(before)) return before;
  throw new TareError({
    code: 'DOCKERFILE_FOREIGN',
    message: `\`${file}\` was not written by tare, or was changed since`,
    hint: 'write to another file with `-o FILE`, or overwrite it with `--force`',
  });
}
