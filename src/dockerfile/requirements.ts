import { TareError } from '../base/errors.ts';
import type { PlannedWheel } from '../plan/types.ts';
import type { Frame } from './frame.ts';
import type { Instruction, ShellCommand } from './instruction.ts';
import type { ProjectIndex } from './types.ts';

/** Where the installer reads what to install: files of the stage, relative to its working folder. */
export interface RequirementSet {
  readonly instructions: readonly Instruction[];
  /** Commands that write them. */
  readonly commands: readonly ShellCommand[];
  readonly files: readonly string[];
  /** Indexes beside the configured one. */
  readonly indexes: readonly string[];
}

/** The set as one: the project's own requirements file, or the wheels of the plan line by line. */
export function requirementSet(frame: Frame): RequirementSet {
  const { lock, indexes } = frame.inputs;
  if (lock.kind === 'requirements') {
    return { instructions: copyFiles(lock.files), commands: [], files: [lock.file], indexes: [] };
  }
  return {
    instructions: [],
    commands: [
      writeLines(
        'requirements.txt',
        requirementLines(frame, () => true),
      ),
    ],
    files: ['requirements.txt'],
    indexes: indexes.map((one) => one.url),
  };
}

/** What comes from an index of its own, apart: `torch` from its CPU index before anything else asks for another build. */
export function indexedSets(frame: Frame): {
  readonly first: readonly { readonly index: ProjectIndex; readonly command: ShellCommand; readonly file: string }[];
  readonly rest: RequirementSet;
} {
  const named = frame.inputs.indexes.filter((one) => one.names.length > 0);
  if (named.length === 0) return { first: [], rest: requirementSet(frame) };
  const isApart = (wheel: PlannedWheel): boolean => named.some((one) => one.names.includes(wheel.name));
  const first = named.map((index, at) => {
    const file = `first-${at + 1}.txt`;
    const lines = requirementLines(frame, (wheel) => index.names.includes(wheel.name));
    return { index, command: writeLines(file, lines), file };
  });
  const open = frame.inputs.indexes.filter((one) => one.names.length === 0).map((one) => one.url);
  const rest = writeLines(
    'requirements.txt',
    requirementLines(frame, (wheel) => !isApart(wheel)),
  );
  return { first, rest: { instructions: [], commands: [rest], files: ['requirements.txt'], indexes: open } };
}

/** In folders as in the project, so that what they include is found. */
function copyFiles(files: readonly string[]): readonly Instruction[] {
  const folders = new Map<string, string[]>();
  for (const path of files) {
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : './';
    folders.set(folder, [...(folders.get(folder) ?? []), path]);
  }
  return [...folders].map(([folder, sources]) => ({ kind: 'copy', sources, destination: folder }));
}

/** A file of the stage, made of these lines. */
export function writeLines(file: string, lines: readonly string[]): ShellCommand {
  return [['printf', String.raw`%s\n`], ...lines.map((line) => [line]), [{ shell: `> ${file}` }]];
}

const machines: Readonly<Record<string, string>> = {
  'linux/amd64': 'x86_64',
  'linux/arm64': 'aarch64',
  'linux/386': 'i686',
  'linux/ppc64le': 'ppc64le',
  'linux/s390x': 's390x',
  'linux/riscv64': 'riscv64',
};

function machineOf(platform: string): string {
  return machines[platform] ?? (platform.startsWith('linux/arm/') ? 'armv7l' : '');
}

/** `name==version --hash=…`, with a marker where only some platforms have it (pip, "Requirements File Format"). */
function requirementLines({ plan }: Frame, isWanted: (wheel: PlannedWheel) => boolean): readonly string[] {
  const lines = new Map<string, { readonly hashes: Set<string>; readonly platforms: string[] }>();
  for (const { platform, wheels } of plan.targets) {
    for (const wheel of wheels.filter(isWanted)) {
      const pin = pinOf(wheel);
      const line = lines.get(pin) ?? { hashes: new Set(), platforms: [] };
      line.hashes.add(hashOf(wheel));
      line.platforms.push(platform);
      lines.set(pin, line);
    }
  }
  return [...lines].map(([pin, { hashes, platforms }]) => {
    const isEverywhere = platforms.length === plan.targets.length;
    const only = platforms.map((one) => `platform_machine == '${machineOf(one)}'`).join(' or ');
    return [`${pin}${isEverywhere ? '' : ` ; ${only}`}`, ...[...hashes].map((one) => `--hash=${one}`)].join(' ');
  });
}

function pinOf({ name, version }: PlannedWheel): string {
  if (/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) && /^[A-Za-z0-9.!+_-]+$/.test(version)) return `${name}==${version}`;
  throw new Error(`\`${name}==${version}\` is no pin`);
}

function hashOf({ name, sha256, built }: PlannedWheel): string {
  if (built === undefined) return sha256;
  if (built.sha256 !== undefined) return built.sha256;
  throw new TareError({
    code: 'DOCKERFILE_SOURCE',
    message: `\`${name}\` is built from a git repository, of which pip checks no hash`,
    hint: 'name it in the project’s own requirements file or uv.lock, or build without a Dockerfile: `tare build`',
  });
}
