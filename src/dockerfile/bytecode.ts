import { sitePackagesOf } from '../plan/python.ts';
import type { FileGroup, Plan } from '../plan/types.ts';
import type { Frame, FramePython } from './frame.ts';
import type { ShellCommand } from './instruction.ts';

/**
 * `compileall` as a program fails where a file is no Python of today, and as a worker that is killed does: by 1. Its `main` alone says
 * the first by what it returns, and passes. `-I`, or modules of the working folder would be imported in place of the compiler's; `-B`, or
 * what it imports would be there by date already, and be passed over.
 */
const compileall = ['-IB', '-c', 'import compileall; compileall.main()', '-q'];
/** PEP 552: dates of files do not matter, and nothing is compared at run time. */
const unchecked = ['--invalidation-mode', 'unchecked-hash'];
const onAllCores = ['-j', '0'];
/** Below this, starting processes takes longer than compiling. */
const fewModules = 200;

/** The same modules as in an image that is built directly: no tests, no teaching, nothing that is installed. */
const notOfLibrary =
  '/(site-packages|test|tests|idle_test|idlelib|turtledemo|lib2to3|ensurepip|pydoc_data|config-[^/]*)/';

export function compileLibrary(python: FramePython): ShellCommand {
  return compile(python, [...onAllCores, '-x', notOfLibrary], [python.library]);
}

/** Distributions, for the path that they have in the final image. */
export function compileDistributions(frame: Frame): readonly ShellCommand[] {
  const { plan, python, staging, variant } = frame;
  if (plan.bytecode.mode !== 'all' || variant === 'uv') return [];
  // What the base has of its own in the same folder stays as it is.
  const own =
    staging === python.prefix ? ['-x', '/site-packages/(pip|setuptools|wheel|pkg_resources|_distutils_hack)/'] : [];
  return [compile(python, [...onAllCores, ...moved(frame), ...own], [stagedPackages(frame)])];
}

/** The application at its final path; its sources go as the plan says. */
export function compileApplication({ plan, python }: Frame): readonly ShellCommand[] {
  const paths = pathsOf(plan, 'application');
  return compileOwn(plan, python, {
    folders: [plan.workdir],
    options: [],
    paths,
    placeOf: (path) => `${plan.workdir}/${path}`,
  });
}

/** The modules of the project's own distribution, where it is installed. */
export function compileProject(frame: Frame): readonly ShellCommand[] {
  const { plan, python, variant } = frame;
  const { distribution } = plan.project;
  // uv has compiled what it installed.
  if (distribution === undefined || (variant === 'uv' && plan.bytecode.mode === 'all' && plan.sources.mode === 'keep'))
    return [];
  const root = distribution.packageRoot === '.' ? '' : `${distribution.packageRoot}/`;
  const paths = pathsOf(plan, 'distribution');
  const folder = stagedPackages(frame);
  const folders = distribution.packages.map(
    (name) => `${folder}/${name}${paths.includes(`${root}${name}.py`) ? '.py' : ''}`,
  );
  const placeOf = (path: string): string => `${folder}/${path.slice(root.length)}`;
  return compileOwn(plan, python, { folders, options: moved(frame), paths, placeOf });
}

interface OwnModules {
  readonly folders: readonly string[];
  readonly options: readonly string[];
  /** Relative to the project. */
  readonly paths: readonly string[];
  readonly placeOf: (path: string) => string;
}

function compileOwn({ bytecode, sources }: Plan, python: FramePython, own: OwnModules): readonly ShellCommand[] {
  const { folders, paths, placeOf } = own;
  const modules = paths.filter((path) => path.endsWith('.py')).length;
  if (bytecode.mode === 'none' || modules === 0) return [];
  const isSmall = modules < fewModules;
  const options = [...(isSmall ? [] : onAllCores), ...own.options];
  if (sources.mode === 'keep') return [compile(python, options, folders)];
  const kept = sources.kept.filter(({ path }) => paths.includes(path)).map(({ path }) => `${placeOf(path)}c`);
  return [
    [['find', ...folders, '-depth', '-name', '__pycache__', '-exec', 'rm', '-rf', '{}', '+']],
    compile(python, ['-b', ...options], folders),
    ...(kept.length === 0 ? [] : [[['rm', '-f'], ...kept.map((path) => [path])]]),
    [
      ['find', ...folders, '-name', '*.py', '-exec'],
      ['sh', '-c', 'for f do [ ! -e "${f}c" ] || rm "$f"; done', 'sh', '{}', '+'],
    ],
    ...(kept.length === 0 ? [] : [compile(python, options, folders)]),
  ];
}

function pathsOf({ files }: Plan, kind: FileGroup['kind']): readonly string[] {
  return files.groups.filter((group) => group.kind === kind).flatMap((group) => group.paths);
}

/** Bytecode names the path that its source will have. */
function moved({ staging, prefix }: Frame): readonly string[] {
  return staging === prefix ? [] : ['-s', staging, '-p', prefix];
}

function stagedPackages({ plan, staging }: Frame): string {
  const [target] = plan.targets;
  return target === undefined ? staging : sitePackagesOf({ ...target.python, prefix: staging });
}

/** Some distributions hold files that are no Python of today: these stay as they are, and fail nothing. */
function compile({ program }: FramePython, options: readonly string[], folders: readonly string[]): ShellCommand {
  return [
    [program, ...compileall, ...unchecked],
    [...options, ...folders],
  ];
}
