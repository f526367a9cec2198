import type { Frame } from '../frame.ts';
import type { Instruction } from '../instruction.ts';
import { pipInstall, pipProject, pipStage } from '../pip-install.ts';
import {
  applicationStage,
  baseStage,
  builderStage,
  finalStage,
  hasDistributions,
  stage,
  systemStage,
  takeDistributions,
} from '../stages.ts';

/** `cached` with a virtual environment, made where it will be. */
export function venvInstructions(frame: Frame): readonly Instruction[] {
  const venv = frame.venv ?? '';
  return [
    ...baseStage(frame),
    ...systemStage(frame),
    ...builderStage(frame, stage.builder),
    ...pipStage(frame),
    {
      kind: 'run',
      comment: {
        brief:
          'At its final path, as its scripts name it; on PATH in the image, not activated. Without pip: the one of the base fills it.',
      },
      mounts: [],
      commands: [[[frame.python.program, '-m', 'venv', '--without-pip', venv]]],
    },
    ...(hasDistributions(frame) ? pipInstall(frame) : []),
    ...pipProject(frame),
    ...applicationStage(frame),
    ...finalStage(frame, takeDistributions(frame)),
  ];
}
