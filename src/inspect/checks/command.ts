import { type CommandModule, readCommandWords } from '../command-words.ts';
import type { Finding } from '../finding.ts';
import { type InspectedImage, withoutSlashes } from '../inspected-image.ts';
import { findModule } from '../modules.ts';
import { findProgram } from '../programs.ts';
import { mayAccess } from '../users.ts';

/** Whether the command's program is there and may be executed, and the modules that its words name exist. */
export function checkCommand(image: InspectedImage): readonly Finding[] {
  const { command } = image.config;
  if (command.length === 0) {
    return [
      {
        code: 'command-empty',
        severity: 'warning',
        message: 'the image has neither an entry point nor a command',
        hint: 'it starts only where a command is given',
      },
    ];
  }
  const needs = readCommandWords(command);
  return [
    ...needs.programs.flatMap((program) => programFindings(image, program)),
    ...moduleFindings(image, needs.modules, needs.folders),
    ...(needs.script === undefined ? [] : scriptFindings(image, needs.script)),
  ];
}

function programFindings(image: InspectedImage, program: string): readonly Finding[] {
  const found = findProgram(image.tree, image.env, image.workdir, program);
  if (found === undefined) {
    return [
      {
        code: 'command-missing',
        severity: 'error',
        message: `the command's program \`${program}\` is not ${program.includes('/') ? 'in the image' : 'on the PATH of the image'}`,
        chain: [image.config.command.join(' '), program],
        hint: 'correct the command, or add what brings the program',
      },
    ];
  }
  const isRunnable = found.facts.type === 'file' && mayAccess(found.facts, image.user, 1);
  if (isRunnable || image.user.uid === undefined) return [];
  return [
    {
      code: 'command-not-executable',
      severity: 'error',
      message: `the command's program \`/${found.path}\` is not a file that \`${image.user.text}\` may execute (mode ${found.facts.mode.toString(8)})`,
      path: `/${found.path}`,
      hint: 'set its executable bits',
    },
  ];
}

function moduleFindings(
  image: InspectedImage,
  modules: readonly CommandModule[],
  more: readonly string[],
): readonly Finding[] {
  const [python] = image.pythons;
  if (python === undefined) {
    const [first] = modules;
    if (first === undefined) return [];
    return [
      {
        code: 'python-missing',
        severity: 'error',
        message: `the command needs the module \`${first.module}\`, and no Python was found in the image`,
        chain: [image.config.command.join(' '), first.module],
      },
    ];
  }
  const folders = [
    ...more.map((folder) => inWorkdir(image, folder)),
    image.workdir,
    ...image.applicationFolders,
    ...python.siteFolders,
    ...python.standardFolders,
  ];
  return modules.flatMap(({ module, isRun }): Finding[] => {
    const search = findModule(image.tree, folders, module, python.version);
    const isPackage = search.found && image.tree.resolve(search.path)?.facts.type === 'directory';
    const main = isRun && isPackage ? findModule(image.tree, folders, `${module}.__main__`, python.version) : search;
    if (main.found) return [];
    return [
      {
        code: 'command-module-missing',
        severity: python.hasImportHooks ? 'warning' : 'error',
        message: `the command needs the module \`${main.missing}\`, which is not in the image`,
        chain: [image.config.command.join(' '), main.missing],
        hint: 'correct the command, PYTHONPATH or the working folder, or add the distribution that brings the module',
      },
    ];
  });
}

function scriptFindings(image: InspectedImage, script: string): readonly Finding[] {
  const path = inWorkdir(image, script);
  const found = image.tree.resolve(path);
  const isThere = found?.facts.type === 'file' || (found !== undefined && mainOf(image, path));
  if (isThere) return [];
  return [
    {
      code: 'command-module-missing',
      severity: 'error',
      message: `the command runs \`/${path}\`, which is not in the image`,
      path: `/${path}`,
      chain: [image.config.command.join(' '), `/${path}`],
      hint: 'correct the command or the working folder',
    },
  ];
}

/** Python runs a folder that has a `__main__.py`. */
function mainOf(image: InspectedImage, folder: string): boolean {
  return ['__main__.py', '__main__.pyc'].some((name) => image.tree.resolve(`${folder}/${name}`) !== undefined);
}

function inWorkdir(image: InspectedImage, path: string): string {
  return withoutSlashes(path.startsWith('/') ? path : `${image.workdir}/${path}`);
}
