import { sortedBy } from '../base/order.ts';
import { checkBytecode } from './checks/bytecode.ts';
import { checkCommand } from './checks/command.ts';
import { checkElfFiles } from './checks/elf-files.ts';
import { checkEntryPoints } from './checks/entry-points.ts';
import { checkLibraries } from './checks/libraries.ts';
import { checkLinks } from './checks/links.ts';
import { checkPermissions } from './checks/permissions.ts';
import { checkScripts } from './checks/scripts.ts';
import { checkUser } from './checks/user.ts';
import type { Finding } from './finding.ts';
import { type InspectedImage, type InspectInput, openImage } from './inspected-image.ts';

/** What was looked at, in numbers. */
export interface InspectedCounts {
  readonly files: number;
  readonly elfFiles: number;
  /** Extensions, programs and libraries that must load. */
  readonly nativeRoots: number;
  readonly distributions: number;
  readonly bytecode: number;
  readonly scripts: number;
  readonly links: number;
}

export interface ImageVerdict {
  /** Errors first, then by code and path. */
  readonly findings: readonly Finding[];
  readonly checked: InspectedCounts;
  /** Minor version of the image's Python. */
  readonly python?: string;
}

/** Proves what can be proven of an image without running it. Pure; never throws for what is in the image. */
export function verifyImage(input: InspectInput): ImageVerdict {
  const image = openImage(input);
  const findings = [
    checkCommand,
    checkLibraries,
    checkElfFiles,
    checkEntryPoints,
    checkScripts,
    checkLinks,
    checkBytecode,
    checkPermissions,
    checkUser,
  ].flatMap((check) => check(image));
  const python = image.pythons[0]?.version;
  return {
    findings: sortedBy(findings, ({ severity, code, path = '' }) => `${severity}\n${code}\n${path}`),
    checked: countsOf(image),
    ...(python === undefined ? {} : { python }),
  };
}

function countsOf({ tree, roots, distributions }: InspectedImage): InspectedCounts {
  const entries = tree.entries();
  const count = (wanted: (file: (typeof entries)[number]) => boolean): number => entries.filter(wanted).length;
  return {
    files: entries.length,
    elfFiles: count((file) => file.elf !== undefined),
    nativeRoots: roots.required.length,
    distributions: distributions.all.length,
    bytecode: count((file) => file.bytecodeMagic !== undefined),
    scripts: count((file) => file.shebang !== undefined),
    links: count((file) => file.type === 'symlink'),
  };
}
