import { compileDistributions, compileProject } from '../bytecode.ts';
import type { Frame } from '../frame.ts';
import type { Instruction } from '../instruction.ts';
import { binaryFlags, buildFolder, pipMounts, pipStage, projectComment, projectSources } from '../pip-install.ts';
import { requirementSet } from '../requirements.ts';
import { applicationStage, baseStage, builderStage, finalStage, hasDistributions, systemStage } from '../stages.ts';

const house = 'wheelhouse';
const folder = '/wheels';

/** A wheel-house in a stage of its own, and an image that installs from it without having it. */
export function wheelsInstructions(frame: Frame): readonly Instruction[] {
  return [
    ...baseStage(frame),
    ...systemStage(frame),
    ...(hasDistributions(frame) ? [...builderStage(frame, house), ...pipStage(frame), ...gather(frame)] : []),
    ...applicationStage(frame),
    ...finalStage(frame, hasDistributions(frame) ? [installFromHouse(frame)] : []),
  ];
}

function gather(frame: Frame): readonly Instruction[] {
  const set = requirementSet(frame);
  const { built } = frame;
  // Only where something is built are wheels made; else they are fetched as they are.
  const verb = built.length === 0 ? ['download', '--dest', folder] : ['wheel', '--wheel-dir', folder];
  const sources = projectSources(frame);
  return [
    ...set.instructions,
    {
      kind: 'run',
      comment: {
        brief: 'The wheel-house: every wheel of the set, by hash, and nothing is installed here.',
        more: 'One that is fetched again comes from the cache mount.',
      },
      mounts: pipMounts(frame),
      commands: [
        ...set.commands,
        [
          ['pip', ...verb, '--no-deps', '--require-hashes', ...binaryFlags(frame)],
          ...set.indexes.map((url) => ['--extra-index-url', url]),
          set.files.flatMap((file) => ['-r', file]),
        ],
      ],
    },
    ...(sources === undefined
      ? []
      : [
          ...sources,
          {
            kind: 'run',
            comment: projectComment,
            mounts: pipMounts(frame),
            commands: [[['pip', 'wheel', '--no-deps', '--wheel-dir', folder, '.']]],
          } satisfies Instruction,
        ]),
  ];
}

function installFromHouse(frame: Frame): Instruction {
  const { bytecode, sources } = frame.plan;
  return {
    kind: 'run',
    comment: {
      brief:
        'Installed from a bind mount: a wheel-house that is copied in is a layer as large as what comes out of it, and no later `rm` makes it smaller.',
      more: `The mount is of the stage above, for this step; ${buildFolder} and ${folder} are not in the image.`,
    },
    mounts: [{ type: 'bind', from: house, source: folder, target: folder }],
    commands: [
      [
        // Else what pip imports of itself would stay as bytecode.
        [
          { shell: 'PYTHONDONTWRITEBYTECODE=1' },
          'pip',
          'install',
          '--no-index',
          '--no-deps',
          '--no-compile',
          '--no-cache-dir',
        ],
        ['--disable-pip-version-check', '--root-user-action=ignore', { shell: `${folder}/*.whl` }],
      ],
      ...compileDistributions(frame),
      ...(bytecode.mode === 'all' && sources.mode === 'keep' ? [] : compileProject(frame)),
    ],
  };
}
