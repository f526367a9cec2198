import type { InstalledFacts } from '../../build/layer-job.ts';
import { loaderFolders } from '../../debian/root-layout.ts';
import { parseDebianVersion, type DebianVersion } from '../../debian/version.ts';
import { requirementsOf } from '../../plan/closed-set.ts';
import { isHostLibrary } from '../../plan/knowledge/host-libraries.ts';
import { nvidiaLibraryFolders, whyLibraryPath } from '../../plan/knowledge/nvidia-libraries.ts';
import { whyOptional } from '../../plan/knowledge/optional-files.ts';
import type { KnownWheel } from '../../plan/knowledge/types.ts';
import { pythonSuffix, sitePackagesOf } from '../../plan/python.ts';
import { askedNeeds } from '../../plan/system/asked-needs.ts';
import type { SystemRequest } from '../../plan/system/types.ts';
import { targetMarkerEnvironment } from '../../plan/target.ts';
import { archivePrefix } from '../../python-archive/compose-archive.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import { elfMachine } from '../../root/multiarch.ts';
import { nativeRoots } from '../../root/native-roots.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import type { SystemWish } from './resolution.ts';

export interface RequestInputs extends SystemWish {
  readonly baseFiles: readonly (readonly FileFacts[])[];
  readonly wheelFiles: readonly (readonly FileFacts[])[];
  readonly installed: readonly InstalledFacts[];
  readonly libraryPath: readonly string[];
}

/** Puts together what system libraries are worked out from. */
export function systemRequest(inputs: RequestInputs): SystemRequest {
  const { base, config, installed } = inputs;
  const { python } = base;
  const owners = new Map(installed.flatMap(({ facts }) => facts.files.map((file) => [file.path, facts.name] as const)));
  const distributionOf = (path: string): string | undefined => owners.get(path);
  return {
    policy: config.systemPolicy,
    machine: elfMachine(base.base.architecture),
    layers: [...inputs.baseFiles, ...inputs.wheelFiles, inputs.natives],
    loaderFolders:
      base.base.provider === 'image' && 'image' in base
        ? base.image.loaderFolders
        : loaderFolders(base.base.architecture),
    libraryPath: inputs.libraryPath,
    interpreter: python.interpreter,
    roots: nativeRoots([...archiveFiles(inputs), ...inputs.wheelFiles.flat(), ...inputs.natives], {
      python: pythonSuffix(python),
      importFolders: [sitePackagesOf(python), inputs.workdir],
      standardFolders: [`${archivePrefix.slice(1)}/lib/python${pythonSuffix(python)}/lib-dynload`],
      programFolders: [`${python.prefix.slice(1)}/bin`],
      distributionOf,
      whyOptional,
    }),
    distributionOf,
    requiredBy: requirementClosure(inputs),
    installed: installedPackages(base),
    asked: askedNeeds(config.systemPackages, config.origins.systemPackages, knownWheels(installed)),
    excluded: new Set(config.excludeSystemPackages),
    isHostLibrary,
  };
}

/** Debian's own Python has what it needs, by its dependencies; what an archive brings says it by its files alone. */
function archiveFiles({ base, baseFiles }: RequestInputs): readonly FileFacts[] {
  return base.base.provider === 'standalone' ? (baseFiles.at(-1) ?? []) : [];
}

/** Folders of NVIDIA's wheels, absolute, where a distribution finds their libraries by no other way. */
export function libraryPathOf(installed: readonly InstalledFacts[]): readonly string[] {
  if (!installed.some(({ facts }) => whyLibraryPath(facts.name) !== undefined)) return [];
  return nvidiaLibraryFolders(installed.flatMap(({ facts }) => facts.files.map(({ path }) => `/${path}`)));
}

/** Wheels with their files below `site-packages`. */
export function knownWheels(installed: readonly InstalledFacts[]): readonly KnownWheel[] {
  return installed.map(({ facts: { name, version, filename, files } }) => ({
    name,
    version,
    filename,
    files: files.flatMap(({ path }) => /\/site-packages\/(.+)$/.exec(path)?.[1] ?? []),
  }));
}

/** Every distribution that a distribution requires, directly or not. */
function requirementClosure({ installed, platform, base }: RequestInputs): SystemRequest['requiredBy'] {
  const { version, fullVersion } = base.python;
  const environment = targetMarkerEnvironment(platform, version, fullVersion);
  const direct = new Map(
    installed.map(({ facts }) => [
      facts.name,
      requirementsOf(facts.requiresDist, environment, facts.providesExtra).map((one) => one.name as string),
    ]),
  );
  const closures = new Map<string, ReadonlySet<string>>();
  return (distribution) => {
    const known = closures.get(distribution);
    if (known !== undefined) return known;
    const found = new Set<string>();
    const ahead = [...(direct.get(distribution) ?? [])];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      ahead.push(...(direct.get(next) ?? []));
    }
    closures.set(distribution, found);
    return found;
  };
}

/** The packages of a base by name, real and virtual. */
export function installedPackages(base: ResolvedBase): ReadonlyMap<string, DebianVersion> {
  const found = new Map<string, DebianVersion>();
  const packages = 'image' in base ? base.image.database.packages : base.debs;
  for (const one of packages) {
    for (const { name, version } of one.provides.flat()) {
      if (!found.has(name)) found.set(name, version ?? parseDebianVersion('0'));
    }
  }
  for (const one of packages) found.set(one.name, one.version);
  return found;
}
