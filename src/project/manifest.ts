import type { EntryCandidate, ProjectFacts } from './facts.ts';
import type { Project } from './project.ts';

export interface DetectOptions {
  readonly extras?: readonly string[];
  readonly groups?: readonly string[];
  /** `pkg.mod:app`, `pkg.mod:create_app()`, `pkg.mod` or a path of a script. */
  readonly entryPoint?: string;
  /** `[tool.tare]` name, version and python. */
  readonly name?: string;
  readonly version?: string;
  readonly python?: string;
  readonly port?: number;
}

export async function detectProject(project: Project, options: DetectOptions = {}): Promise<ProjectFacts> {
  throw new Error(`not yet: ${project.root} ${String(options)}`);
}

/** The one entry point; throws `ENTRY_POINT_AMBIGUOUS` or `ENTRY_POINT_MISSING`. */
export function resolveEntryPoint(facts: ProjectFacts): EntryCandidate {
  throw new Error(`not yet: ${facts.name.value}`);
}
