import type { Frame } from '../frame.ts';
import type { Instruction } from '../instruction.ts';
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
import { uvInstall, uvProject, uvStage } from '../uv-install.ts';

/** uv with a cache mount, which is not in the image. */
export function uvInstructions(frame: Frame): readonly Instruction[] {
  return [
    ...baseStage(frame),
    ...systemStage(frame),
    ...builderStage(frame, stage.builder),
    ...uvStage(frame),
    ...(hasDistributions(frame) ? uvInstall(frame) : []),
    ...uvProject(frame),
    ...applicationStage(frame),
    ...finalStage(frame, takeDistributions(frame)),
  ];
}
