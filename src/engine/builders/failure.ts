import { type FailureCause, findCause } from './failure-causes.ts';
import { isDebugLine } from './containers-stop.ts';
import { lineOfInstruction, listInstructions } from './dockerfile-lines.ts';

/** What can be read from the output of a build that failed. */
export interface BuildFailure {
  /** One-based line of the Dockerfile. */
  readonly line?: number;
  /** The instruction on that line. */
  readonly instruction?: string;
  /** The last lines that the failing step said, then what the builder says. */
  readonly said: readonly string[];
  readonly cause?: FailureCause;
}

const mostSaid = 12;

/** Reads the output of BuildKit (through buildx, buildctl, docker), of docker's older builder, of podman and buildah. */
export function parseFailure(output: string, dockerfile: string): BuildFailure {
  const lines = output
    .split('\n')
    .map(withoutColour)
    .filter((line) => !isDebugLine(line));
  const step = buildkitStep(lines) ?? olderStep(lines);
  const line = lineShown(lines) ?? lineOfBase(lines, dockerfile) ?? lineOfInstruction(dockerfile, step.shown ?? '');
  const instruction =
    line === undefined ? undefined : listInstructions(dockerfile).findLast((one) => one.line <= line)?.text;
  const verdict = lines.filter(
    (one) => /^(?:ERROR|error|Error)\b.{0,3}:? /.test(one) || /^(?:failed to|executor failed)/.test(one),
  );
  const texts = [...step.said, ...verdict];
  const cause = findCause(texts.join('\n'));
  return {
    ...(line === undefined ? {} : { line }),
    ...(instruction === undefined ? {} : { instruction }),
    said: [...new Set(step.said.slice(-mostSaid).concat(verdict.slice(-2)))],
    ...(cause === undefined ? {} : { cause }),
  };
}

interface FailedStep {
  /** The instruction as the builder shows it. */
  readonly shown?: string;
  readonly said: readonly string[];
}

/** `#5 [builder 2/3] RUN …`, `#5 0.123 what it says`, `#5 ERROR: …`. */
function buildkitStep(lines: readonly string[]): FailedStep | undefined {
  const failed = lines.findLast((line) => /^#\d+ ERROR: /.test(line) && !/ERROR: (?:context )?cancell?ed/i.test(line));
  const number = /^#(\d+) /.exec(failed ?? '')?.[1];
  if (failed === undefined || number === undefined) return undefined;
  const own = lines.filter((line) => line.startsWith(`#${number} `)).map((line) => line.slice(number.length + 2));
  const title = own.find((line) => /^\[/.test(line)) ?? '';
  const shown = /^\[[^\]]*\d+\/\d+\]\s+(.*)$/s.exec(title)?.[1];
  const said = own.flatMap((line) => /^\d+\.\d+ (.*)$/.exec(line)?.[1] ?? []).filter((line) => !isNoise(line));
  return { ...(shown === undefined ? {} : { shown }), said: [...said, failed.slice(number.length + 2)] };
}

/** `STEP 2/3: RUN …` of podman and buildah, `Step 2/3 : RUN …` of docker, then what the step says. */
function olderStep(lines: readonly string[]): FailedStep {
  const at = lines.findLastIndex((line) => /^(?:\[\d+\/\d+\] )?(?:STEP \d+\/\d+:|Step \d+\/\d+ :) /.test(line));
  const named = lines.flatMap((line) => /building at STEP "(.*?)": /.exec(line)?.[1] ?? []).at(-1);
  const shown = named ?? /(?:STEP \d+\/\d+:|Step \d+\/\d+ :) (.*)$/.exec(lines[at] ?? '')?.[1];
  const said = lines.slice(at + 1).filter((line) => !isNoise(line));
  return { ...(shown === undefined ? {} : { shown }), said };
}

/** `Dockerfile:2` and the lines around it, the failing ones marked, as newer BuildKits print them. */
function lineShown(lines: readonly string[]): number | undefined {
  const marked = lines.findLast(
    (line, at) => /^\s*\d+ \| >>> /.test(line) && !/^\s*\d+ \| >>> /.test(lines[at - 1] ?? ''),
  );
  const parsed = lines.flatMap((line) => /dockerfile parse error (?:on )?line (\d+):/i.exec(line)?.[1] ?? []).at(-1);
  const number = parsed ?? /^\s*(\d+) \|/.exec(marked ?? '')?.[1];
  return number === undefined ? undefined : Number(number);
}

/** `#3 [internal] load metadata for IMAGE`, then `#3 ERROR:`. */
function lineOfBase(lines: readonly string[], dockerfile: string): number | undefined {
  for (const line of lines) {
    const [, number = '', image = ''] = /^#(\d+) \[internal\] load metadata for (\S+)$/.exec(line) ?? [];
    if (image === '' || !lines.some((one) => one.startsWith(`#${number} ERROR: `))) continue;
    const name = image.replace(/^docker\.io\/(?:library\/)?/, '');
    const stages = listInstructions(dockerfile).filter(({ text }) => /^from /i.test(text));
    return stages.find(({ text }) => text.split(' ').some((word) => word === image || word === name))?.line;
  }
  return undefined;
}

function isNoise(line: string): boolean {
  return (
    line.trim() === '' ||
    /^\[notice\]|^WARNING: (?:Running pip as|No output specified)|^ ---> |^Removing intermediate|^-+$|^Reading (?:package|state)|^Building dependency/.test(
      line,
    )
  );
}

function withoutColour(line: string): string {
  return line.replaceAll(/\u001B\[[0-9;]*[A-Za-z]/g, '').trimEnd();
}
