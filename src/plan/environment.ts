import type { Because } from '../base/because.ts';
import { bundleVariables, writableVariables } from './knowledge/writable-variables.data.ts';
import type { EnvironmentVariable, PlannedUser, PlanWarning } from './types.ts';

export interface EnvironmentInputs {
  readonly prefix: string;
  readonly user: PlannedUser;
  readonly workdir: string;
  /** Folder of the project that must be on `sys.path`, relative to it; undefined where the project is a distribution. */
  readonly importRoot?: string;
  readonly configured: Readonly<Record<string, string>>;
  /** Where each of `configured` comes from. */
  readonly origins?: Readonly<Record<string, Because>>;
  /** Folders of libraries that the loader would not find, absolute. */
  readonly libraryPath: readonly string[];
  /** The image holds bytecode. */
  readonly hasBytecode: boolean;
  /** Of a base image, which keeps its own. */
  readonly base?: readonly { readonly name: string; readonly value: string }[];
  /** Normalised names of the distributions of all targets. */
  readonly distributions?: ReadonlySet<string>;
  /** Absolute path of the bundle that the image's own certificates were added to. */
  readonly bundle?: string;
  /** Only `/tmp` can be written. */
  readonly readOnly?: boolean;
  /** Folder of the debug tools, absolute. */
  readonly debugFolder?: string;
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const temporary = '/tmp';

/** Where the debug tools are. */
export const debugFolder = '/busybox';

/** Why a variable is there that the base has as it is. */
export const baseVariableRule = 'set by the base image';

/** The environment of the image, in a fixed order; what the configuration names wins in place. */
export function planEnvironment(inputs: EnvironmentInputs): readonly EnvironmentVariable[] {
  const base = (inputs.base ?? []).map(({ name, value }) => variable(name, value, baseVariableRule));
  const byName = new Map(base.map((one) => [one.name, one]));
  for (const one of [...ownVariables(inputs), ...configuredVariables(inputs)]) byName.set(one.name, one);
  return [...byName.values()].map((one) => (one.name === 'PATH' ? withDebugFolder(one, inputs.debugFolder) : one));
}

function ownVariables(inputs: EnvironmentInputs): readonly EnvironmentVariable[] {
  const { prefix, user, readOnly } = inputs;
  return [
    variable('PATH', `${prefix}/bin:${basePath(inputs) ?? defaultPath}`, 'the virtual environment first'),
    variable('VIRTUAL_ENV', prefix, 'tools look here for the virtual environment'),
    readOnly === true
      ? variable('HOME', temporary, '`read-only`: libraries keep caches and settings below it')
      : variable('HOME', user.home, 'libraries keep caches and settings below it'),
    variable('LANG', 'C.UTF-8', 'text is UTF-8 whatever the host says'),
    variable('PYTHONUNBUFFERED', '1', 'log lines appear when they are written'),
    ...(inputs.hasBytecode ? [variable('PYTHONDONTWRITEBYTECODE', '1', 'bytecode is in the image already')] : []),
    ...certificateVariables(inputs),
    ...pythonPath(inputs),
    ...libraryPath(inputs),
    ...(readOnly === true ? writableFolders(inputs) : []),
  ];
}

function basePath({ base }: EnvironmentInputs): string | undefined {
  return base?.find((one) => one.name === 'PATH')?.value;
}

function certificateVariables({ bundle, base, distributions }: EnvironmentInputs): readonly EnvironmentVariable[] {
  if (bundle !== undefined) {
    return bundleVariables
      .filter((one) => one.distributions?.some((name) => distributions?.has(name)) ?? true)
      .map(({ name }) => variable(name, bundle, '`ca-certificates`: the bundle that holds them, too'));
  }
  if (base !== undefined) return [];
  return [variable('SSL_CERT_FILE', '/etc/ssl/certs/ca-certificates.crt', 'the CA bundle of the base')];
}

function pythonPath({ workdir, importRoot }: EnvironmentInputs): readonly EnvironmentVariable[] {
  if (importRoot === undefined) return [];
  const folder = importRoot === '' ? workdir : `${workdir}/${importRoot}`;
  return [variable('PYTHONPATH', folder, 'the application is importable from whatever starts it')];
}

function libraryPath({ libraryPath: own, base }: EnvironmentInputs): readonly EnvironmentVariable[] {
  if (own.length === 0) return [];
  const before = base?.find((one) => one.name === 'LD_LIBRARY_PATH')?.value;
  const folders = [...own, ...(before === undefined ? [] : [before])];
  return [variable('LD_LIBRARY_PATH', folders.join(':'), "a wheel finds NVIDIA's libraries by no other way")];
}

/** What libraries would write below the home by a variable of their own, where it is read. */
function writableFolders({ distributions }: EnvironmentInputs): readonly EnvironmentVariable[] {
  return writableVariables.flatMap(({ name, folder, distributions: readers }) => {
    const reader = readers.find((one) => distributions?.has(one));
    return reader === undefined ? [] : [variable(name, folder, `\`read-only\`: \`${reader}\` writes there`)];
  });
}

function configuredVariables({ configured, origins }: EnvironmentInputs): readonly EnvironmentVariable[] {
  return Object.entries(configured).map(([name, value]) => ({
    name,
    value,
    because: origins?.[name] ?? { rule: '`[tool.tare.env]`' },
  }));
}

function withDebugFolder(path: EnvironmentVariable, folder: string | undefined): EnvironmentVariable {
  return folder === undefined ? path : { ...path, value: `${path.value}:${folder}` };
}

/** Signs that a configured list of folders lacks what tare would have put there. */
export function warnOfReplaced(inputs: EnvironmentInputs): readonly PlanWarning[] {
  const lists: readonly EnvironmentVariable[] = [
    variable('PATH', `${inputs.prefix}/bin`, ''),
    ...pythonPath(inputs),
    ...libraryPath({ ...inputs, base: [] }),
  ];
  return lists.flatMap(({ name, value }): PlanWarning[] => {
    const configured = inputs.configured[name];
    const missing = value.split(':').filter((folder) => !configured?.split(':').includes(folder));
    if (configured === undefined || missing.length === 0) return [];
    return [
      {
        code: 'ENVIRONMENT_REPLACED',
        message: `\`${name}\` of the configuration replaces the image's own, and lacks ${missing.map((one) => `\`${one}\``).join(', ')}`,
        hint: `write all of it: \`${name} = "${[...missing, configured].join(':')}"\``,
      },
    ];
  });
}

function variable(name: string, value: string, rule: string): EnvironmentVariable {
  return { name, value, because: { rule } };
}
