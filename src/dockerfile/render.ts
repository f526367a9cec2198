import { renderComment } from './comments.ts';
import { renderDockerignore } from './dockerignore.ts';
import { type Frame, makeFrame } from './frame.ts';
import type { Instruction } from './instruction.ts';
import { renderHeader } from './header.ts';
import { flagsOf, withMark } from './mark.ts';
import { renderInstruction } from './render-instruction.ts';
import { dockerfileSecrets } from './secrets.data.ts';
import type {
  BuilderFeature,
  DockerfileInputs,
  DockerfileOptions,
  DockerfileSecret,
  RenderedDockerfile,
  SecretId,
  SharedStage,
  Variant,
} from './types.ts';
import { stage } from './stages.ts';
import { cachedInstructions } from './variants/cached.ts';
import { plainInstructions } from './variants/plain.ts';
import { uvInstructions } from './variants/uv.ts';
import { venvInstructions } from './variants/venv.ts';
import { wheelsInstructions } from './variants/wheels.ts';

const writers: Readonly<Record<Variant, (frame: Frame) => readonly Instruction[]>> = {
  plain: plainInstructions,
  cached: cachedInstructions,
  venv: venvInstructions,
  wheels: wheelsInstructions,
  uv: uvInstructions,
};

/**
 * The plan as a Dockerfile of a variant, and the ignore file to it. Pure. Throws `DOCKERFILE_INEXPRESSIBLE` for a text that no
 * Dockerfile can hold, `DOCKERFILE_BASE` and `DOCKERFILE_SOURCE`.
 */
export function renderDockerfile(inputs: DockerfileInputs, options: DockerfileOptions): RenderedDockerfile {
  const frame = makeFrame(inputs, options);
  const instructions = dockerfileInstructions(frame);
  const secrets = secretsOf(instructions);
  const needs = needsOf(instructions);
  const head = renderHeader(inputs, options, secrets, needs);
  return {
    variant: options.variant,
    text: withMark(
      `${head}${renderText(instructions, options.comments, frame.asciiOnly)}`,
      flagsOf({ ...options, platforms: inputs.plan.targets.map((one) => one.platform) }),
    ),
    dockerignore: renderDockerignore(frame),
    secrets,
    needs,
    ...sharedStage(instructions),
  };
}

/** What comes before the first instruction that depends on distributions or the application. */
function sharedStage(instructions: readonly Instruction[]): { readonly shared?: SharedStage } {
  const isOwn = (one: Instruction): boolean =>
    one.kind === 'from' && one.alias !== stage.base && one.alias !== stage.system;
  const shared = instructions.slice(0, instructions.findIndex(isOwn));
  if (shared.length === 0) return {};
  return { shared: { name: stage.system, text: renderText(shared, 'none', false) } };
}

/** What is written, as data. */
export function dockerfileInstructions(frame: Frame): readonly Instruction[] {
  return writers[frame.variant](frame);
}

/** Stages apart by an empty line, as is every instruction with a comment. */
function renderText(
  instructions: readonly Instruction[],
  comments: DockerfileOptions['comments'],
  asciiOnly: boolean,
): string {
  return instructions
    .map((instruction) => {
      const comment = renderComment(instruction.comment, comments);
      const gap = comment !== '' || instruction.kind === 'from' ? '\n' : '';
      return `${gap}${comment}${renderInstruction(instruction, asciiOnly)}\n`;
    })
    .join('');
}

function secretsOf(instructions: readonly Instruction[]): readonly DockerfileSecret[] {
  const ids = new Set(
    instructions.flatMap((one) =>
      one.kind === 'run' ? one.mounts.flatMap((mount) => (mount.type === 'secret' ? [mount.id] : [])) : [],
    ),
  );
  return (Object.keys(dockerfileSecrets) as SecretId[]).filter((id) => ids.has(id)).map((id) => dockerfileSecrets[id]);
}

function needsOf(instructions: readonly Instruction[]): readonly BuilderFeature[] {
  const hasMounts = instructions.some((one) => one.kind === 'run' && one.mounts.length > 0);
  const hasLink = instructions.some((one) => one.kind === 'copy' && one.link === true);
  return [...(hasMounts ? (['mounts'] as const) : []), ...(hasLink ? (['link'] as const) : [])];
}
