import { isAbsolute, normalize, relative, sep } from 'node:path';
import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { sortedBy } from '../../base/order.ts';
import type { LockSource, ProjectIndex } from '../../dockerfile/types.ts';
import { readDependencies } from '../../plan/lock.ts';
import { targetMarkerEnvironment } from '../../plan/target.ts';
import type { Plan } from '../../plan/types.ts';
import type { Project } from '../../project/project.ts';
import { splitUserInfo } from '../../python/index-credentials.ts';
import { readRequirementsFile } from '../../python/requirements-file.ts';
import type { Prepared } from '../plan/prepare.ts';

/** Where the pinned set stands in a form that an installer reads: for uv its own lock, for pip a requirements file. */
export async function lockSourceOf({ config, facts, inputs }: Prepared, context: Context): Promise<LockSource> {
  const { plan, project } = inputs;
  const { kind, file } = facts.lock;
  const isResolvedBy = (wanted: string): boolean => plan.targets.every(({ resolution }) => resolution.kind === wanted);
  if (kind === 'uv' && file === 'uv.lock' && isResolvedBy('lock')) {
    return { kind: 'uv', extras: config.extras, groups: config.groups };
  }
  if (kind !== 'requirements' || file === undefined || !isResolvedBy('requirements')) return { kind: 'plan' };
  const read = await readRequirementsFile(project.readText, file, context.env);
  // A folder or an address that stands there is not hashed, and files above the project are not in the build's context.
  const isPlain = read.requirements.every((line) => line.location === undefined && !line.editable);
  const isInside = read.files.every((path) => !isOutside(path));
  return isPlain && isInside ? { kind: 'requirements', file: read.path, files: read.files } : { kind: 'plan' };
}

/** Indexes that the project's own files name beside the default one, with what comes from each. */
export async function projectIndexes(
  { config, facts, inputs }: Prepared,
  context: Context,
): Promise<readonly ProjectIndex[]> {
  const { plan, project } = inputs;
  const dependencies = await readDependencies(project, facts, context.env);
  const extra = dependencies.indexes.extraIndexUrls.map((url) => splitUserInfo(url).url);
  const named = await namedIndexes(project);
  const names = new Map<string, Set<string>>([...extra, ...named].map((url) => [url, new Set()]));
  for (const { platform, python } of plan.targets) {
    const selected = dependencies.select({
      environment: targetMarkerEnvironment(platform, python.version, python.fullVersion),
      extras: config.extras,
      groups: config.groups,
    });
    if (selected.kind !== 'locked') continue;
    for (const { name, index } of selected.distributions) names.get(index ?? '')?.add(name);
  }
  addLocalVersions(plan, extra, names);
  return [...names].map(([url, found]) => ({ url, names: sortedBy(found, (name) => name) }));
}

/** `torch==2.9.0+cpu` is at no index but one for such builds: the one whose address says so, or the only one. */
function addLocalVersions(plan: Plan, urls: readonly string[], names: ReadonlyMap<string, Set<string>>): void {
  for (const { name, version } of plan.targets.flatMap(({ wheels }) => wheels)) {
    const label = /\+(.+)$/.exec(version)?.[1];
    if (label === undefined) continue;
    const url =
      urls.find((one) => one.replace(/\/+$/, '').endsWith(`/${label}`)) ?? (urls.length === 1 ? urls[0] : undefined);
    if (url !== undefined) names.get(url)?.add(name);
  }
}

/** `[[tool.uv.index]]`, or `[[index]]` of uv.toml, but for the default. */
async function namedIndexes(project: Project): Promise<readonly string[]> {
  const own = (await project.readToml('uv.toml'))?.root['index'];
  const tool = tableOf((await project.readToml('pyproject.toml'))?.root['tool']);
  const list = own ?? tableOf(tool['uv'])['index'];
  if (!Array.isArray(list)) return [];
  return list.map(tableOf).flatMap(({ url, default: isDefault }) => {
    return typeof url === 'string' && /^https?:/.test(url) && isDefault !== true ? [splitUserInfo(url).url] : [];
  });
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

const usualBuildFiles = [
  ...['pyproject.toml', 'setup.py', 'setup.cfg', 'MANIFEST.in', 'hatch_build.py', 'poetry.lock'],
  ...[
    'README.md',
    'README.rst',
    'README.txt',
    'README',
    'LICENSE',
    'LICENSE.md',
    'LICENSE.txt',
    'LICENCE',
    'COPYING',
    'NOTICE',
  ],
];

/** What build back ends read beside modules. */
export async function buildFilesOf(project: Project): Promise<readonly string[]> {
  const readme = tableOf((await project.readToml('pyproject.toml'))?.root['project'])['readme'];
  const named = typeof readme === 'string' ? readme : tableOf(readme)['file'];
  const candidates = new Set([
    ...usualBuildFiles,
    ...(typeof named === 'string' && !isOutside(named) ? [normalize(named)] : []),
  ]);
  const there = await Promise.all(
    [...candidates].map(async (path) => ((await project.readText(path)) === undefined ? [] : [path])),
  );
  return there.flat();
}

/** Certificates of the configuration, relative to the project. Throws `DOCKERFILE_CONTEXT`. */
export function certificateFilesOf({ config, inputs: { project } }: Prepared): readonly string[] {
  return config.caCertificates.map((file) => {
    const path = normalize(isAbsolute(file) ? relative(project.root, file) : file);
    if (!isOutside(path)) return path.split(sep).join('/');
    throw new TareError({
      code: 'DOCKERFILE_CONTEXT',
      message: `\`${file}\` is not in the folder that the builder gets`,
      expected: 'a certificate in the project',
      hint: 'put a copy of it into the project, and name that in `ca-certificates`',
    });
  });
}

function isOutside(path: string): boolean {
  return isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`) || path.startsWith('../');
}
