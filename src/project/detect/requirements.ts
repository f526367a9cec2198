import type { Project } from '../project.ts';

/** Requirements files in the order of preference: what runs in production before what others share, never what develops. */
const names: readonly string[] = [
  'requirements.txt',
  'requirements/production.txt',
  'requirements/prod.txt',
  'requirements/base.txt',
  'requirements/requirements.txt',
  'requirements/main.txt',
  'requirements/common.txt',
  'requirements-prod.txt',
  'requirements-production.txt',
  'requirements.prod.txt',
  'requirements.lock',
];

/** The requirements file that says what the application needs; undefined where there is none. */
export async function findRequirements(project: Project): Promise<string | undefined> {
  for (const name of names) if ((await project.readText(name)) !== undefined) return name;
  return undefined;
}

/** Names of the requirements in a file, for facts that hang on what is installed; includes (`-r`) are not followed. */
export function namesInRequirements(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/\s#.*$/, '').trim())
    .filter((line) => /^[A-Za-z0-9]/.test(line));
}
