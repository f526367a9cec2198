import { constants } from 'node:fs';
import { copyFile, lstat, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TareError } from '../../base/errors.ts';
import { makeFolder } from '../../base/make-folder.ts';
import type { Plan } from '../../plan/types.ts';

/** Copies files of a project, by their paths relative to it, into a new folder. Links stay links. */
export async function copyProjectFiles(from: string, paths: readonly string[], to: string): Promise<void> {
  for (const path of paths) {
    const [source, target] = [join(from, path), join(to, path)];
    await makeFolder(dirname(target));
    const found = await lstat(source);
    if (found.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (found.isFile()) await copyFile(source, target, constants.COPYFILE_FICLONE);
  }
}

/** The module of a plan's application that a person would edit: that of its command, else the first by name. */
export function chooseEditedFile(plan: Plan): string {
  const modules = plan.files.groups.flatMap((group) => group.paths).filter((path) => path.endsWith('.py'));
  const words = Object.values(plan.processes).flatMap((process) => process.command);
  const named = words.flatMap((word) => {
    const module = /^([A-Za-z_][\w.]*)(?::|$)/.exec(word)?.[1]?.replaceAll('.', '/');
    const found = modules.find((path) => path === `${module}.py` || path.endsWith(`/${module}.py`));
    return found === undefined ? [] : [found];
  });
  const chosen = named[0] ?? modules[0];
  if (chosen !== undefined) return chosen;
  throw new TareError({
    code: 'EDIT_IMPOSSIBLE',
    message: 'the application has no module that could be edited',
    hint: 'leave out --edit',
  });
}

/** Adds one line of code, which no earlier build can have seen. */
export async function editModule(file: string, mark: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, `${text}${text.endsWith('\n') || text === '' ? '' : '\n'}_edited = '${mark}'\n`);
}
