import { applicationInstructions, hasApplication } from './application.ts';
import { finalInstructions } from './final-stage.ts';
import type { Frame } from './frame.ts';
import type { Instruction } from './instruction.ts';
import { systemInstructions } from './system-stage.ts';
import type { BaseReference } from './types.ts';

/** Names of stages. */
export const stage = {
  base: 'python',
  system: 'runtime',
  builder: 'builder',
  application: 'application',
  final: 'final',
} as const;

export function imageOf({ name, digest }: BaseReference): string {
  return digest === undefined ? name : `${name}@${digest}`;
}

/** The base, said once: the place for a new digest. */
export function baseStage(frame: Frame): readonly Instruction[] {
  const { base } = frame.inputs;
  return startStage(frame, {
    kind: 'from',
    image: imageOf(base),
    alias: stage.base,
    comment: {
      brief:
        base.digest === undefined
          ? 'Not pinned: the registry could not be asked for the digest.'
          : 'By digest, so that it is the same one next week; the tag is for people and for tools that update it.',
    },
  });
}

/** A stage on an image of a registry, in which steps are root's. */
export function startStage({ isForeignBase }: Frame, from: Instruction): readonly Instruction[] {
  if (!isForeignBase) return [from];
  const comment = { brief: 'The base may have another user, who cannot install; the image gets its own below.' };
  return [from, { kind: 'user', value: '0:0', comment }];
}

/** What the final image has beside distributions and application: a stage of its own, made while the others work. */
export function systemStage(frame: Frame): readonly Instruction[] {
  return [{ kind: 'from', image: stage.base, alias: stage.system }, ...systemInstructions(frame)];
}

/** A stage that installs: on the slim base where all are wheels, else where the compilers are. */
export function builderStage(frame: Frame, alias: string): readonly Instruction[] {
  const { inputs, built } = frame;
  if (built.length === 0) return [{ kind: 'from', image: stage.base, alias }];
  return startStage(frame, {
    kind: 'from',
    image: imageOf(inputs.fullBase),
    alias,
    comment: {
      brief: `With compilers, as ${built.map((one) => one.name).join(', ')} has no wheel; nothing of them goes on.`,
    },
  });
}

export function applicationStage(frame: Frame): readonly Instruction[] {
  if (!hasApplication(frame)) return [];
  return [{ kind: 'from', image: stage.base, alias: stage.application }, ...applicationInstructions(frame)];
}

export function finalStage(frame: Frame, distributions: readonly Instruction[]): readonly Instruction[] {
  return [
    { kind: 'from', image: stage.system, alias: stage.final },
    ...distributions,
    ...finalInstructions(frame, stage.application),
  ];
}

/** Distributions of the plan, or the project itself as one. */
export function hasDistributions({ plan }: Frame): boolean {
  return plan.project.distribution !== undefined || plan.targets.some(({ wheels }) => wheels.length > 0);
}

/** What the builder installed, without the builder. */
export function takeDistributions(frame: Frame): readonly Instruction[] {
  if (!hasDistributions(frame) && frame.venv === undefined) return [];
  return [
    {
      kind: 'copy',
      comment: { brief: 'The distributions below the code, owned by root: what runs cannot change them.' },
      from: stage.builder,
      sources: [frame.staging],
      destination: frame.prefix,
      link: frame.link,
    },
  ];
}
