import type { PlannedSystemPackage } from '../plan/types.ts';
import { cacheMounts, type Frame, secretMounts } from './frame.ts';
import type { Comment, Instruction, ShellCommand, ShellWord } from './instruction.ts';

/** The Debian packages of the plan: by apt with all that they depend on, or exactly these. */
export function debianPackages(frame: Frame): readonly Instruction[] {
  const sets = packageSets(frame);
  if (sets.all.length === 0 && sets.byArchitecture.size === 0) return [];
  const { hasMounts, inputs, plan } = frame;
  const isExact = inputs.exactPackages === true && plan.targets.every((one) => one.systemPackages.length > 0);
  return [
    {
      kind: 'run',
      comment: isExact ? exactComment(frame) : aptComment(frame),
      mounts: [
        ...cacheMounts(
          frame,
          { type: 'cache', target: '/var/cache/apt', isLocked: true },
          { type: 'cache', target: '/var/lib/apt', isLocked: true },
        ),
        ...secretMounts(frame, 'apt_sources', 'ca'),
      ],
      commands: [
        ...(hasMounts && !isExact ? keepPackages : []),
        [['apt-get', 'update']],
        ...(isExact ? unpackCommands(sets) : [installCommand(sets)]),
        ...(hasMounts ? [] : [[['rm', '-rf', { shell: '/var/lib/apt/lists/*' }]] as ShellCommand]),
      ],
    },
  ];
}

const notPinned = 'Versions are not pinned: the archive drops those that have a security fix.';

function aptComment(frame: Frame): Comment {
  return {
    brief: `What the base lacks for ${namesOf(frame)}, in the stage that runs it.`,
    more: frame.hasMounts
      ? `The lists and packages stay in cache mounts, in no layer: the hook of the base that empties them goes, and nothing is deleted. Locked, as apt does not share. ${notPinned}`
      : `Lists go in the same step, or they would stay in its layer. ${notPinned}`,
  };
}

function exactComment(frame: Frame): Comment {
  return {
    brief: `What the base lacks for ${namesOf(frame)}, in the stage that runs it, and no more than that.`,
    more: [
      leftOutOf(frame),
      'apt checks and fetches the packages, their files are laid out, and status.d tells scanners of them: apt itself counts them not as installed, and stays of one piece.',
      'Of what their scripts do, `ldconfig` alone is of use in an image.',
      frame.hasMounts
        ? 'The lists stay in cache mounts, locked, as apt does not share.'
        : 'Lists go in the same step, or they would stay in its layer.',
      notPinned,
      '`system-policy = "depends"` has apt install them instead.',
    ].join(' '),
  };
}

/** What apt would add: packages that others name and nothing loads. */
function leftOutOf({ plan }: Frame): string {
  const [target] = plan.targets;
  const leftOut = [...(target?.system.leftOut ?? [])].sort((left, right) => right.unpackedSize - left.unpackedSize);
  if (leftOut.length === 0)
    return 'apt-get install would add what Debian’s packages ask of each other and nothing here loads.';
  const largest = leftOut.slice(0, 3).map((one) => one.name);
  const names = leftOut.length > 3 ? `${largest.join(', ')} and ${leftOut.length - 3} more` : largest.join(', ');
  const bytes = leftOut.reduce((sum, one) => sum + one.unpackedSize, 0);
  const size = bytes < 1e6 ? '' : ` some ${roughly(bytes / 1e6)} MB,`;
  return `apt-get install would add ${names},${size} which Debian’s packages ask of each other and nothing here loads.`;
}

/** One digit: a file that is checked against the archive of today must not change with every update in it. */
function roughly(number: number): number {
  return Number(number.toPrecision(1));
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
function packageSets({ plan }: Pick<Frame, 'plan'>): PackageSets {
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

function installCommand(sets: PackageSets): ShellCommand {
  return [['apt-get', 'install', '--yes', '--no-install-recommends'], ...namedPackages(sets)];
}

const folder = '/tmp/packages';
/** What Debian's slim images leave out of packages as well. */
const documentation = [
  './usr/share/doc/*/[!c]*',
  './usr/share/doc/*/changelog*',
  './usr/share/man',
  './usr/share/locale',
];

/** apt fetches as another user than root, where the base has one. A link such as /lib stays one. */
function unpackCommands(sets: PackageSets): readonly ShellCommand[] {
  const record = '"/var/lib/dpkg/status.d/${package%%_*}"';
  return [
    [['install', '-d', '/var/lib/dpkg/status.d']],
    [['install', '-d', '-m', '0777', folder]],
    [['cd', folder]],
    [['apt-get', 'download'], ...namedPackages(sets)],
    [
      [{ shell: 'for package in *.deb; do' }],
      [{ shell: `dpkg-deb --field "$package" > ${record}` }],
      [
        {
          shell:
            '&& dpkg-deb --fsys-tarfile "$package" | tar --extract --directory / --keep-directory-symlink --no-overwrite-dir',
        },
      ],
      [...documentation.map((pattern) => `--exclude=${pattern}`), { shell: '|| exit 1; done' }],
    ],
    [['ldconfig']],
    [['rm', '-rf', folder, '/var/cache/ldconfig/aux-cache']],
  ];
}

function namedPackages({ all, byArchitecture }: PackageSets): ShellCommand {
  const cases = [...byArchitecture].map(([architecture, names]) => `${architecture}) echo ${names.join(' ')} ;;`);
  const own: ShellWord[] =
    cases.length === 0 ? [] : [{ shell: `$(case "$(dpkg --print-architecture)" in ${cases.join(' ')} esac)` }];
  return [...all.map((name) => [name]), ...(own.length > 0 ? [own] : [])];
}

/** The distributions at the head of the chains. */
function namesOf({ plan }: Frame): string {
  const heads = plan.targets.flatMap(({ systemPackages }) => systemPackages.flatMap(({ chain }) => chain[0] ?? []));
  const names = [...new Set(heads)];
  if (names.length === 0) return 'the distributions';
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
