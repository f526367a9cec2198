import type { Because } from '../../base/because.ts';
import type { OpenSystemNeed, PlannedSystem, PlannedSystemPackage } from '../types.ts';
import type { AddedPackage, OpenNeed, SystemPolicy, SystemResolution } from './types.ts';

export interface SystemPlan {
  readonly systemPackages: readonly PlannedSystemPackage[];
  readonly system: PlannedSystem;
}

/** The part of the plan that speaks of system libraries; `resolution` is absent where nothing can need any. */
export function planSystem(
  chosen: { readonly policy: SystemPolicy; readonly because: Because },
  resolution: SystemResolution | undefined,
): SystemPlan {
  return {
    systemPackages: (resolution?.added ?? []).map(plannedPackage),
    system: {
      ...chosen,
      leftOut: (resolution?.leftOut ?? []).map(({ deb }) => ({
        name: deb.name,
        size: deb.size,
        unpackedSize: deb.installedSize,
      })),
      open: (resolution?.open ?? []).map(openNeed),
    },
  };
}

function plannedPackage({ deb, because, chain, files }: AddedPackage): PlannedSystemPackage {
  const { name, version, filename, sha256, size } = deb;
  const unpackedSize = files.reduce((sum, file) => sum + file.size, 0);
  return { name, version, filename, sha256, size, unpackedSize, chain, because };
}

function openNeed({ kind, name, chain, reason, hint }: OpenNeed): OpenSystemNeed {
  return { kind, name, chain, because: { rule: rules[reason] }, ...(hint === undefined ? {} : { hint }) };
}

const rules = {
  unknown: 'no package of the suite has it',
  excluded: 'the package that has it is among `exclude-system-packages`',
  'too-old': 'the library of the base is too old',
  'no-suite': 'packages can be added to a base of Debian only',
} as const satisfies Record<OpenNeed['reason'], string>;
