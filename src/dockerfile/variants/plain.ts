import { applicationInstructions, hasApplication } from '../application.ts';
import { finalInstructions } from '../final-stage.ts';
import type { Frame } from '../frame.ts';
import type { Instruction } from '../instruction.ts';
import { pipInstall, pipProject, pipStage } from '../pip-install.ts';
import { hasDistributions, imageOf, stage, startStage, takeDistributions } from '../stages.ts';
import { systemInstructions } from '../system-stage.ts';

/** Two stages on the full image and not one mount: for builders that know no BuildKit. */
export function plainInstructions(frame: Frame): readonly Instruction[] {
  const image = imageOf(frame.inputs.fullBase);
  return [
    ...startStage(frame, {
      kind: 'from',
      image,
      alias: stage.builder,
      comment: { brief: 'The full image has compilers; by digest, so that both stages are the same one next week.' },
    }),
    ...pipStage(frame),
    ...(hasDistributions(frame) ? pipInstall(frame) : []),
    ...pipProject(frame),
    ...(hasApplication(frame) ? applicationInstructions(frame) : []),
    ...startStage(frame, { kind: 'from', image, alias: stage.final }),
    ...systemInstructions(frame),
    ...takeDistributions(frame),
    ...finalInstructions(frame, stage.builder),
  ];
}
