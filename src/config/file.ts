import type { Project } from '../project/project.ts';
import type { FileConfig } from './resolve.ts';

/** The settings of `[tool.tare]` in `pyproject.toml`, or of `tare.toml`. */
export async function readFileConfig(project: Pick<Project, 'readToml'>): Promise<FileConfig> {
  throw new Error(`not yet: ${String(project)}`);
}
