import type { PlannedUser } from '../plan/types.ts';
import { compileLibrary } from './bytecode.ts';
import { debianPackages } from './debian-packages.ts';
import type { Frame } from './frame.ts';
import type { Instruction, ShellCommand } from './instruction.ts';

/** What the final image has beside the base and the application: Debian packages, its user, bytecode of the standard library. */
export function systemInstructions(frame: Frame): readonly Instruction[] {
  return [...debianPackages(frame), ...certificates(frame), ...account(frame), ...libraryBytecode(frame)];
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
  // The base has its own; not known where no compiler for the platform could be started here.
  const isKnown = target.base.provider === 'image' && target.compiler !== undefined;
  if (isKnown && !target.layers.some((layer) => layer.kind === 'bytecode')) return [];
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
