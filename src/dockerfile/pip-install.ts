import { compileDistributions, compileProject } from './bytecode.ts';
import { cacheMounts, type Frame, secretMounts } from './frame.ts';
import type { Comment, Instruction, Mount, ShellCommand } from './instruction.ts';
import { indexedSets, type RequirementSet, requirementSet } from './requirements.ts';
import { systemBundle } from './secrets.data.ts';

/** Where files that the build alone needs are. */
export const buildFolder = '/build';

/** The start of a stage that installs with pip. */
export function pipStage({ hasMounts }: Frame): readonly Instruction[] {
  return [
    {
      kind: 'env',
      comment: {
        brief: 'Of this stage only. pip trusts what the system trusts, also where its own list is older.',
        ...(hasMounts ? { more: `Where the secret \`ca\` is given, it stands at that path for the step.` } : {}),
      },
      pairs: [
        { name: 'PIP_CERT', value: systemBundle },
        { name: 'PIP_DISABLE_PIP_VERSION_CHECK', value: '1' },
        { name: 'PIP_ROOT_USER_ACTION', value: 'ignore' },
      ],
    },
    { kind: 'workdir', path: buildFolder },
  ];
}

/** Installs the set, compiled. One step; in `plain`, what comes from an index of its own has steps before it. */
export function pipInstall(frame: Frame): readonly Instruction[] {
  const { first, rest } = frame.variant === 'plain' ? indexedSets(frame) : { first: [], rest: requirementSet(frame) };
  return [
    ...first.map(
      ({ index, command, file }): Instruction => ({
        kind: 'run',
        comment: {
          brief: `First ${index.names.join(', ')}, from the index that has the wanted build: nothing after it asks for another.`,
        },
        mounts: pipMounts(frame),
        commands: [
          command,
          pipCommand(frame, { instructions: [], commands: [], files: [file], indexes: [] }, index.url),
        ],
      }),
    ),
    ...rest.instructions,
    {
      kind: 'run',
      comment: installComment(frame),
      mounts: pipMounts(frame),
      commands: [...rest.commands, pipCommand(frame, rest), ...compileDistributions(frame)],
    },
  ];
}

/** What pip reads from the cache of the builder and from the person's own settings. */
export function pipMounts(frame: Frame): readonly Mount[] {
  return [
    ...cacheMounts(frame, { type: 'cache', target: '/root/.cache/pip' }),
    ...secretMounts(frame, 'pip_conf', 'netrc', 'ca'),
  ];
}

function installComment(frame: Frame): Comment {
  const { built, hasMounts, inputs } = frame;
  const where =
    inputs.lock.kind === 'requirements' ? `the set that \`${inputs.lock.file}\` closes` : 'the wheels of the plan';
  const from =
    built.length === 0
      ? 'Wheels alone: nothing of another package runs here, where settings and passwords may be.'
      : `${built.map((one) => one.name).join(', ')} has no wheel and is built: its build back end can read what this step can.`;
  return {
    brief: `Exactly ${where}, by hash; no resolving.`,
    more: [from, hasMounts ? 'pip keeps what it fetched in a cache mount.' : 'pip keeps nothing that it fetched.'].join(
      ' ',
    ),
  };
}

function pipCommand(frame: Frame, set: RequirementSet, indexUrl?: string): ShellCommand {
  const { venv, hasMounts } = frame;
  const place = venv === undefined ? ['--prefix', frame.staging, '--ignore-installed'] : [];
  return [
    ['pip', ...(venv === undefined ? [] : ['--python', `${venv}/bin/python`]), 'install'],
    ['--no-deps', '--require-hashes', ...binaryFlags(frame), '--no-compile', ...(hasMounts ? [] : ['--no-cache-dir'])],
    ...(place.length === 0 ? [] : [place]),
    ...(indexUrl === undefined ? [] : [['--index-url', indexUrl]]),
    ...set.indexes.map((url) => ['--extra-index-url', url]),
    set.files.flatMap((file) => ['-r', file]),
  ];
}

export function binaryFlags({ built }: Frame): readonly string[] {
  return ['--only-binary', ':all:', ...built.flatMap(({ name }) => ['--no-binary', name])];
}

/** The project as a distribution, by its own build back end. */
export function pipProject(frame: Frame): readonly Instruction[] {
  const sources = projectSources(frame);
  if (sources === undefined) return [];
  const { venv, hasMounts } = frame;
  const place = venv === undefined ? ['--prefix', frame.staging, '--ignore-installed'] : [];
  return [
    ...sources,
    {
      kind: 'run',
      comment: projectComment,
      mounts: pipMounts(frame),
      commands: [
        [
          ['pip', ...(venv === undefined ? [] : ['--python', `${venv}/bin/python`]), 'install'],
          ['--no-deps', '--no-compile', ...(hasMounts ? [] : ['--no-cache-dir']), ...place, '.'],
        ],
        ...compileProject(frame),
      ],
    },
  ];
}

export const projectComment: Comment = {
  brief: 'The project itself, by its own build back end, which comes from the index.',
  more: 'After its dependencies, so that an edit of the project installs them not anew.',
};

/** The files that building the project reads, in folders as in the project; undefined where it is no distribution. */
export function projectSources({ plan, inputs }: Frame): readonly Instruction[] | undefined {
  const { distribution } = plan.project;
  if (distribution === undefined) return undefined;
  const root = distribution.packageRoot === '.' ? '' : `${distribution.packageRoot}/`;
  const paths = plan.files.groups.filter((one) => one.kind === 'distribution').flatMap((one) => one.paths);
  const tops = new Set(
    paths.flatMap((path) => (path.startsWith(root) ? [`${root}${path.slice(root.length).split('/')[0] ?? ''}`] : [])),
  );
  const copies = [...tops].sort().map((path): Instruction => {
    const isFolder = paths.some((one) => one.startsWith(`${path}/`));
    return { kind: 'copy', sources: [path], destination: isFolder ? `./${path}/` : `./${root}` };
  });
  return [{ kind: 'copy', sources: [...inputs.buildFiles], destination: './' }, ...copies];
}
