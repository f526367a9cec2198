import type { PlannedSystemPackage, PlannedUser } from '../plan/types.ts';
import { cacheMounts, type Frame, secretMounts } from './frame.ts';
import type { Instruction, ShellCommand, ShellWord } from './instruction.ts';
import { compileLibrary } from './bytecode.ts';

/** What the final image has beside the base and the application: Debian packages, its user, bytecode of the standard library. */
export function systemInstructions(frame: Frame): readonly Instruction[] {
  return [...packages(frame), ...certificates(frame), ...account(frame), ...libraryBytecode(frame)];
}

function packages(frame: Frame): readonly Instruction[] {
  const sets = packageSets(frame);
  if (sets.all.length === 0 && sets.byArchitecture.size === 0) return [];
  const { hasMounts } = frame;
  return [
    {
      kind: 'run',
      comment: {
        brief: `What the base lacks for ${namesOf(frame)}, in the stage that runs it.`,
        more: hasMounts
          ? 'The lists and packages stay in cache mounts, in no layer: the hook of the base that empties them goes, and nothing is deleted. Locked, as apt does not share. Versions are not pinned: the archive drops those that have a security fix.'
          : 'Lists go in the same step, or they would stay in its layer. Versions are not pinned: the archive drops those that have a security fix.',
      },
      mounts: [
        ...cacheMounts(
          frame,
          { type: 'cache', target: '/var/cache/apt', isLocked: true },
          { type: 'cache', target: '/var/lib/apt', isLocked: true },
        ),
        ...secretMounts(frame, 'apt_sources', 'ca'),
      ],
      commands: [
        ...(hasMounts ? keepPackages : []),
        [['apt-get', 'update']],
        installCommand(sets),
        ...(hasMounts ? [] : [[['rm', '-rf', { shell: '/var/lib/apt/lists/*' }]] as ShellCommand]),
      ],
    },
  ];
}

const keepPackages: readonly ShellCommand[] = [
  [['rm', '-f', '/etc/apt/apt.conf.d/docker-clean']],
  [['echo', 'Binary::apt::APT::Keep-Downloaded-Packages "true";', { shell: '>' }, '/etc/apt/apt.conf.d/keep-cache']],
];

interface PackageSets {
  readonly all: readonly string[];
  /** By Debian's name of the architecture. */
  readonly byArchitecture: ReadonlyMap<string, readonly string[]>;
}

/** What every platform needs, and what only some do. */
export function packageSets({ plan }: Pick<Frame, 'plan'>): PackageSets {
  const sets = plan.targets.map(({ base, systemPackages }) => ({
    architecture: base.architecture,
    names: systemPackages.map((one) => packageName(one)),
  }));
  const all = (sets[0]?.names ?? []).filter((name) => sets.every((one) => one.names.includes(name)));
  const rest = sets.flatMap(({ architecture, names }): [string, readonly string[]][] => {
    const own = names.filter((name) => !all.includes(name));
    return own.length === 0 ? [] : [[architecture, own]];
  });
  return { all, byArchitecture: new Map(rest) };
}

/** Debian policy, 5.6.7: nothing in it is special to a shell. */
function packageName({ name }: PlannedSystemPackage): string {
  if (/^[a-z0-9][a-z0-9+.-]+$/.test(name)) return name;
  throw new Error(`\`${name}\` is no name of a Debian package`);
}

function installCommand({ all, byArchitecture }: PackageSets): ShellCommand {
  const cases = [...byArchitecture].map(([architecture, names]) => `${architecture}) echo ${names.join(' ')} ;;`);
  const own: ShellWord[] =
    cases.length === 0 ? [] : [{ shell: `$(case "$(dpkg --print-architecture)" in ${cases.join(' ')} esac)` }];
  return [
    ['apt-get', 'install', '--yes', '--no-install-recommends'],
    ...inLines(all),
    ...(own.length > 0 ? [own] : []),
  ];
}

function inLines(words: readonly string[]): readonly (readonly string[])[] {
  return words.map((word) => [word]);
}

/** The distributions at the head of the chains. */
function namesOf({ plan }: Frame): string {
  const heads = plan.targets.flatMap(({ systemPackages }) => systemPackages.flatMap(({ chain }) => chain[0] ?? []));
  const names = [...new Set(heads)];
  if (names.length === 0) return 'the distributions';
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function certificates({ plan, inputs }: Frame): readonly Instruction[] {
  if (plan.certificates === undefined || inputs.certificateFiles.length === 0) return [];
  return [
    ...inputs.certificateFiles.map(
      (path, at): Instruction => ({
        kind: 'copy',
        ...(at === 0 ? { comment: { brief: 'Certificates that the application trusts beside the public ones.' } } : {}),
        sources: [path],
        destination: `/usr/local/share/ca-certificates/tare-${at + 1}.crt`,
      }),
    ),
    { kind: 'run', mounts: [], commands: [[['update-ca-certificates']]] },
  ];
}

function account({ plan, isForeignBase }: Frame): readonly Instruction[] {
  const { user, workdir } = plan;
  if (user.uid === 0) return [];
  const owner = ['-o', String(user.uid), '-g', String(user.gid)];
  return [
    {
      kind: 'run',
      comment: {
        brief: `The user of the image, ${user.because.rule}, and the two folders that are theirs to write.`,
        more: 'Made with their owner: a later `chown` would copy what it touches into one more layer.',
      },
      mounts: [],
      commands: [
        ...accountCommands(user, isForeignBase),
        [['install', '-d', ...owner, ...(workdir === user.home ? [] : [user.home]), workdir]],
      ],
    },
  ];
}

function accountCommands({ name, uid, gid, home }: PlannedUser, isForeignBase: boolean): readonly ShellCommand[] {
  const group = ['groupadd', '--gid', String(gid), name];
  const details = ['--no-log-init', '--no-create-home', '--home-dir', home, '--shell', '/usr/sbin/nologin'];
  const user = ['useradd', '--uid', String(uid), '--gid', String(gid), ...details, name];
  if (uid === 65532 && gid === 65532 && !isForeignBase) return [[group], [user]];
  // The base may know the number.
  const unless = (database: string, id: number, command: readonly string[]): ShellCommand => [
    [{ shell: '{' }, 'getent', database, String(id), { shell: '> /dev/null ||' }, ...command, { shell: '; }' }],
  ];
  return [unless('group', gid, group), unless('passwd', uid, user)];
}

function libraryBytecode(frame: Frame): readonly Instruction[] {
  const { plan, python } = frame;
  const [target] = plan.targets;
  if (plan.bytecode.mode !== 'all' || target === undefined) return [];
  if (target.base.provider === 'image' && !target.layers.some((layer) => layer.kind === 'bytecode')) return [];
  return [
    {
      kind: 'run',
      comment: {
        brief: 'The standard library as bytecode: the base has none, and every start would compile what it imports.',
        more: 'Here and not in the builder, so that it fits this very base.',
      },
      mounts: [],
      commands: [compileLibrary(python)],
    },
  ];
}
