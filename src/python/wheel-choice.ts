import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import { compatibleTags, type Machine, machinePlatforms, type TagTarget } from './tags.ts';
import { type WheelName, wheelNameOrProblem } from './wheel-name.ts';

/** The wheel that fits best, or what there is instead. */
export type WheelChoice<F> =
  | {
      readonly kind: 'wheel';
      readonly file: F;
      readonly wheel: WheelName;
      /** The tag by which it was chosen. */
      readonly tag: string;
      /** Place of the tag in the target's list: 0 is the best. */
      readonly rank: number;
    }
  | {
      readonly kind: 'none';
      /** Tags of the wheels there are, sorted. */
      readonly tags: readonly string[];
      readonly wheels: readonly F[];
      readonly sdists: readonly F[];
    };

type Candidate<F> = Extract<WheelChoice<F>, { kind: 'wheel' }>;

/** Chooses by the order of `tags`, then by the higher build tag, then by file name. Names that are none are passed over. */
export function chooseWheel<F extends { readonly filename: string }>(
  files: readonly F[],
  tags: readonly string[],
): WheelChoice<F> {
  const ranks = ranksOf(tags);
  let best: Candidate<F> | undefined;
  const present = new Set<string>();
  for (const file of files) {
    const wheel = wheelNameOrProblem(file.filename);
    if (typeof wheel === 'string') continue;
    for (const tag of wheel.tags) {
      present.add(tag);
      const rank = ranks.get(tag);
      if (rank === undefined) continue;
      const candidate: Candidate<F> = { kind: 'wheel', file, wheel, tag, rank };
      if (best === undefined || isBetter(candidate, best)) best = candidate;
    }
  }
  return best ?? { kind: 'none', tags: sortedBy(present, (tag) => tag), ...splitByKind(files) };
}

const rankCache = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

function ranksOf(tags: readonly string[]): ReadonlyMap<string, number> {
  const known = rankCache.get(tags);
  if (known !== undefined) return known;
  const ranks = new Map<string, number>();
  for (const [rank, tag] of tags.entries()) if (!ranks.has(tag)) ranks.set(tag, rank);
  rankCache.set(tags, ranks);
  return ranks;
}

function isBetter<F>(one: Candidate<F>, other: Candidate<F>): boolean {
  if (one.rank !== other.rank) return one.rank < other.rank;
  const order = compareBuilds(one.wheel, other.wheel);
  return order === 0 ? one.wheel.filename < other.wheel.filename : order > 0;
}

/** No build tag sorts below every build tag; then by number, then by the rest as text. */
export function compareBuilds(one: WheelName, other: WheelName): number {
  const left = one.build ?? { number: -1n, suffix: '' };
  const right = other.build ?? { number: -1n, suffix: '' };
  if (left.number !== right.number) return left.number < right.number ? -1 : 1;
  return left.suffix < right.suffix ? -1 : left.suffix > right.suffix ? 1 : 0;
}

function splitByKind<F extends { readonly filename: string }>(
  files: readonly F[],
): { readonly wheels: readonly F[]; readonly sdists: readonly F[] } {
  return {
    wheels: files.filter((file) => file.filename.endsWith('.whl')),
    sdists: files.filter((file) => isSdistFilename(file.filename)),
  };
}

/** Whether a file name is that of a source distribution, in today's form or an older one. */
export function isSdistFilename(filename: string): boolean {
  return /\.(?:tar\.(?:gz|bz2|xz|Z)|tgz|tar|zip)$/.test(filename);
}

/** The source archive to build from: the form that tools write today before older ones. */
export function buildableArchive<F extends { readonly filename: string }>(files: readonly F[]): F | undefined {
  const forms = [/\.tar\.gz$/, /\.tgz$/, /\.zip$/, /\.tar\.xz$/, /\.tar$/];
  return forms.map((form) => files.find((file) => form.test(file.filename))).find((file) => file !== undefined);
}

/** `WHEEL_NOT_FOUND` or `SDIST_ONLY` with the tags there are and what would help. */
export function wheelNotFound(
  name: string,
  version: string,
  files: readonly { readonly filename: string }[],
  target: TagTarget,
): TareError {
  const { sdists } = splitByKind(files);
  const wheels = files.map((file) => wheelNameOrProblem(file.filename)).filter((wheel) => typeof wheel !== 'string');
  const wanted = `CPython ${target.python}${target.freeThreaded === true ? 't' : ''}, ${target.architecture}, glibc ${target.glibc.major}.${target.glibc.minor}`;
  const building = `build it once with \`pip wheel --no-deps ${name}==${version}\` on such a system and name the folder in PIP_FIND_LINKS`;
  if (wheels.length === 0) {
    return new TareError({
      code: sdists.length > 0 ? 'SDIST_ONLY' : 'WHEEL_NOT_FOUND',
      message:
        sdists.length > 0 ? `${name} ${version} has no wheel, only its source` : `${name} ${version} has no wheel`,
      expected: `a wheel for ${wanted}`,
      actual: sdists.length > 0 ? sdists.map((file) => file.filename).join(', ') : 'no file at all',
      hint: `take a version that has a wheel, or ${building}`,
    });
  }
  return new TareError({
    code: 'WHEEL_NOT_FOUND',
    message: `${name} ${version} has no wheel for ${wanted}`,
    expected: `a wheel for ${wanted}`,
    actual: `wheels for ${listed([...new Set(wheels.map((wheel) => wheel.filename.slice(0, -4).split('-').slice(-3).join('-')))])}`,
    hint: [...whatWouldHelp(wheels, target), building].join(', or '),
  });
}

function listed(tags: readonly string[]): string {
  const sorted = sortedBy(tags, (tag) => tag);
  return sorted.length <= 12 ? sorted.join(', ') : `${sorted.slice(0, 12).join(', ')} and ${sorted.length - 12} more`;
}

function fits(wheels: readonly WheelName[], target: TagTarget): boolean {
  return chooseWheel(wheels, compatibleTags(target)).kind === 'wheel';
}

/** Changes of the target, one at a time, under which a wheel fits. */
function whatWouldHelp(wheels: readonly WheelName[], target: TagTarget): readonly string[] {
  const help: string[] = [];
  const pythons = Array.from({ length: 12 }, (_, index) => `3.${index + 7}`).filter(
    (python) => python !== target.python && fits(wheels, { ...target, python }),
  );
  if (pythons.length > 0) help.push(`use another Python that it has wheels for (${pythons.join(', ')})`);
  const others = (Object.keys(machinePlatforms) as readonly Machine[]).filter(
    (architecture) => architecture !== target.architecture && fits(wheels, { ...target, architecture }),
  );
  if (others.length > 0) {
    help.push(`build for another platform (${others.map((one) => machinePlatforms[one]).join(', ')})`);
  }
  const minor = Array.from({ length: 40 }, (_, index) => target.glibc.minor + 1 + index).find((newer) =>
    fits(wheels, { ...target, glibc: { major: target.glibc.major, minor: newer } }),
  );
  if (minor !== undefined)
    help.push(`use a base with a newer C library (glibc ${target.glibc.major}.${minor} or later)`);
  if (target.freeThreaded === true && fits(wheels, { ...target, freeThreaded: false })) {
    help.push('use the Python that is not free-threaded');
  }
  return help.length > 0 ? help : ['take another version that has one'];
}
