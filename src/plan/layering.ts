import { createHash } from 'node:crypto';
import { sortedBy } from '../base/order.ts';
import type {
  FileGroup,
  PlannedArchive,
  PlannedBase,
  PlannedCertificates,
  PlannedDebug,
  PlannedLayer,
  PlannedSystemPackage,
  PlannedWheel,
} from './types.ts';

/** From this size a wheel has a layer of its own. Bytes, packed. */
export const largeWheelBytes = 1_000_000;
/** Layers of single wheels; the smallest of more go to the buckets. overlay2 stops at 127 layers in all. */
export const maximumLargeWheels = 64;
/** Buckets of small wheels. A wheel's bucket depends on its name only, so one that changes moves one bucket. */
const pureBuckets = 4;
const nativeBuckets = 2;
/** Files of this size have a layer each, up to `maximumDataLayers`. Bytes. */
const singleFileBytes = 8_000_000;
const maximumDataLayers = 16;

export interface LayeringInputs {
  readonly base: PlannedBase;
  readonly systemPackages: readonly PlannedSystemPackage[];
  readonly wheels: readonly PlannedWheel[];
  readonly groups: readonly FileGroup[];
  readonly sizeOf: (path: string) => number;
  /** The standard library is compiled. */
  readonly compilesLibrary: boolean;
  readonly certificates?: PlannedCertificates;
  readonly debug?: PlannedDebug;
}

/** The layers, bottom to top, stable things first. */
export function planLayers(inputs: LayeringInputs): readonly PlannedLayer[] {
  const { base, systemPackages } = inputs;
  const layers: PlannedLayer[] = [...planBaseLayers(base)];
  if (inputs.compilesLibrary) {
    layers.push({
      kind: 'bytecode',
      title: 'bytecode of the standard library',
      contents: [],
      because: { rule: 'above the base, which stays the same with bytecode and without' },
    });
  }
  if (systemPackages.length > 0) {
    layers.push({
      kind: 'system',
      title: 'system libraries',
      contents: systemPackages.map((one) => `${one.name} ${one.version}`),
      because: { rule: 'what the wheels need and the base lacks' },
    });
  }
  layers.push(...planWheelLayers(inputs.wheels));
  layers.push({
    kind: 'environment',
    title: 'virtual environment',
    contents: ['pyvenv.cfg', 'console scripts'],
    because: { rule: 'depends on the interpreter and on the entry points of all wheels' },
  });
  layers.push(...planDataLayers(inputs.groups, inputs.sizeOf));
  if (inputs.certificates !== undefined) {
    layers.push({
      kind: 'certificates',
      title: 'certificates',
      contents: inputs.certificates.added.map((one) => one.subject),
      because: { rule: 'above all that is large, which stays the same with certificates and without' },
    });
  }
  layers.push({
    kind: 'application',
    title: 'application',
    contents: inputs.groups.filter((one) => one.kind !== 'data').map((one) => one.destination),
    because: { rule: 'the only layer that an edit of code changes' },
  });
  if (inputs.debug !== undefined) {
    layers.push({
      kind: 'debug',
      title: 'debug tools',
      contents: [`${inputs.debug.name} ${inputs.debug.version}`],
      because: { rule: 'above all others, which stay the same with debug tools and without' },
    });
  }
  return layers;
}

function planBaseLayers(base: PlannedBase): PlannedLayer[] {
  if (base.provider !== 'image') {
    const core: PlannedLayer = {
      kind: 'base',
      title: `Debian ${base.suite} ${base.provider === 'debian' ? 'with' : 'without'} Python`,
      contents: base.packages.map((one) => `${one.name} ${one.version}`),
      because: { rule: 'one fixed core set for a suite, whatever the application, so that images share it' },
    };
    return base.provider === 'debian' ? [core] : [core, planArchiveLayer(base.archive)];
  }
  return base.layers.map((layer, at) => ({
    kind: 'base',
    title: `${base.title} ${at + 1}/${base.layers.length}`,
    contents: [layer.digest],
    because: { rule: 'the layers of the base image are taken as they are' },
  }));
}

function planArchiveLayer({ filename, because }: PlannedArchive): PlannedLayer {
  return { kind: 'base', title: 'standalone Python', contents: [filename], because };
}

export function isPure(filename: string): boolean {
  return filename.endsWith('-any.whl');
}

/** The layers of wheels alone, which depend on nothing else. */
export function planWheelLayers(wheels: readonly PlannedWheel[]): PlannedLayer[] {
  const bySize = sortedBy(wheels, (one) => one.filename).sort((left, right) => (right.size ?? 0) - (left.size ?? 0));
  const large = bySize.filter((one) => (one.size ?? 0) >= largeWheelBytes).slice(0, maximumLargeWheels);
  const buckets = new Map<string, PlannedWheel[]>();
  for (const wheel of sortedBy(wheels, (one) => one.filename)) {
    if (large.includes(wheel)) continue;
    const name = bucketOf(wheel);
    buckets.set(name, [...(buckets.get(name) ?? []), wheel]);
  }
  // Native first: pure wheels are the same for every platform, and what changes with the platform stays together.
  const singles = large.map(
    (wheel): PlannedLayer => ({
      kind: 'wheels',
      title: `${wheel.name} ${wheel.version}`,
      contents: [wheel.filename],
      because: { rule: `a wheel of ${largeWheelBytes / 1_000_000} MB or more has a layer of its own` },
    }),
  );
  const shared = sortedBy(buckets, ([name]) => name).map(
    ([name, members]): PlannedLayer => ({
      kind: 'wheels',
      title: `small ${name} wheels`,
      contents: members.map((wheel) => wheel.filename),
      because: { rule: 'small wheels share a layer, chosen by their name so that it stays' },
    }),
  );
  return [...singles, ...shared];
}

function bucketOf(wheel: PlannedWheel): string {
  const pure = isPure(wheel.filename);
  const count = pure ? pureBuckets : nativeBuckets;
  const first = createHash('sha256').update(wheel.name).digest()[0] ?? 0;
  return `${pure ? 'pure' : 'native'} ${(first % count) + 1}/${count}`;
}

function planDataLayers(groups: readonly FileGroup[], sizeOf: (path: string) => number): PlannedLayer[] {
  const paths = groups.filter((one) => one.kind === 'data').flatMap((one) => one.paths);
  const single = sortedBy(paths, (path) => path)
    .filter((path) => sizeOf(path) >= singleFileBytes)
    .slice(0, maximumDataLayers);
  const rest = paths.filter((path) => !single.includes(path));
  const because = { rule: 'large files stay where they are when code changes' };
  const layers = single.map((path): PlannedLayer => ({ kind: 'data', title: path, contents: [path], because }));
  if (rest.length > 0) layers.push({ kind: 'data', title: `${rest.length} large files`, contents: rest, because });
  return layers;
}
