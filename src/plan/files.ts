import { isSource } from '../bytecode/paths.ts';
import type { DistributionFact, FolderFacts } from '../project/facts.ts';
import type { Project, ProjectFile } from '../project/project.ts';
import type { FileGroup, PlannedFiles } from './types.ts';

/** From this size a file has a layer apart from the code, so that an edit never moves it. Bytes. */
export const largeFileBytes = 1_000_000;

export interface FileInputs {
  readonly project: Project;
  readonly workdir: string;
  /** Absolute `site-packages` of the image. */
  readonly sitePackages: string;
  readonly distribution?: DistributionFact;
  readonly folders: FolderFacts;
}

/** Which files go where: the distribution's modules into site-packages, everything else into the working folder. */
export function planFiles(inputs: FileInputs): PlannedFiles {
  const { project, distribution } = inputs;
  const data = new Set(inputs.folders.data.map((fact) => fact.value));
  const isData = (file: ProjectFile): boolean =>
    file.type === 'file' && !isSource(file.path) && (file.size >= largeFileBytes || data.has(file.path));
  const own = project.files.filter((file) => distribution !== undefined && belongsTo(distribution, file.path));
  const others = project.files.filter((file) => !own.includes(file));
  const strip = distribution === undefined || distribution.packageRoot === '.' ? '' : distribution.packageRoot;
  const apart = 'large files apart, so that an edit of code does not move them';
  const code = (files: readonly ProjectFile[]): ProjectFile[] => files.filter((file) => !isData(file));
  const groups = [
    group('distribution', inputs.sitePackages, strip, code(own), 'modules of the distribution'),
    group('application', inputs.workdir, '', code(others), 'the working folder'),
    group('data', inputs.sitePackages, strip, own.filter(isData), apart),
    group('data', inputs.workdir, '', others.filter(isData), apart),
  ];
  return { groups: groups.filter((one) => one.paths.length > 0), leftOut: project.leftOut };
}

function belongsTo(distribution: DistributionFact, path: string): boolean {
  const prefix = distribution.packageRoot === '.' ? '' : `${distribution.packageRoot}/`;
  if (!path.startsWith(prefix)) return false;
  const inner = path.slice(prefix.length);
  return (
    distribution.packages.some((name) => inner.startsWith(`${name}/`)) ||
    distribution.modules.some((name) => inner === `${name}.py` || inner === `${name}.pyi`)
  );
}

function group(
  kind: FileGroup['kind'],
  destination: string,
  strip: string,
  files: readonly ProjectFile[],
  rule: string,
): FileGroup {
  return {
    kind,
    destination,
    strip,
    paths: files.map((file) => file.path),
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    because: { rule },
  };
}
