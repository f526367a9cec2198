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

/** pip with a cache mount, into a folder that is laid over the Python of a slim base. */
export function cachedInstructions(frame: Frame): readonly Instruction[] {
  return [
    ...baseStage(frame),
    ...systemStage(frame),
    ...(hasDistributions(frame)
      ? [...builderStage(frame, stage.builder), ...pipStage(frame), ...pipInstall(frame), ...pipProject(frame)]
      : []),
    ...applicationStage(frame),
    ...finalStage(frame, takeDistributions(frame)),
  ];
}
