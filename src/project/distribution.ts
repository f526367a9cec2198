import type { DistributionFact } from './facts.ts';
import type { Project } from './project.ts';

/** A file of a `.dist-info` folder. */
export interface DistInfoFile {
  /** `hello-1.0.dist-info/METADATA`. */
  readonly path: string;
  readonly text: string;
}

/** METADATA, WHEEL, entry_points.txt and top_level.txt of the project itself (core metadata 2.1 and later). */
export async function renderDistInfo(project: Project, distribution: DistributionFact): Promise<readonly DistInfoFile[]> {
  throw new Error(`not yet: ${project.root} ${distribution.name}`);
}
