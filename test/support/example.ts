import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mustRun } from './command.ts';
import { type Expectation, readExpectation } from './expectations.ts';
import { rootDir } from './paths.ts';

export interface Example {
  readonly name: string;
  /** In the repository. */
  readonly source: string;
  readonly expectation: Expectation;
}

/** Every folder of `examples/` with an `expect.json`, sorted by name. */
export async function readExamples(): Promise<readonly Example[]> {
  const dir = join(rootDir, 'examples');
  const names = (await readdir(dir, { withFileTypes: true })).filter((one) => one.isDirectory()).map((one) => one.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const source = join(dir, name);
      return { name, source, expectation: await readExpectation(source) };
    }),
  );
}

/** Copies an example to `destination`, which becomes a git work tree of its own, with the files that are given. */
export async function copyExample(example: Example, destination: string): Promise<void> {
  await copyProject(example.source, destination);
  for (const [path, text] of Object.entries(example.expectation.given.files)) {
    await mkdir(dirname(join(destination, path)), { recursive: true });
    await writeFile(join(destination, path), text);
  }
}

/** Copies a project without what builds and interpreters leave behind, and makes it a git work tree. */
export async function copyProject(source: string, destination: string): Promise<void> {
  const leftBehind = /(^|\/)(\.tare|__pycache__|\.venv)(\/|$)/;
  await cp(source, destination, {
    recursive: true,
    filter: (path) => !leftBehind.test(path.slice(source.length)),
  });
  await mustRun('git', ['init', '-q', destination]);
  await mustRun('git', ['-C', destination, 'add', '-A']);
}

/** Writes a small project from the texts of its files. */
export async function writeProject(dir: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return dir;
}
