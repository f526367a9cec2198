import { relative } from 'node:path';
import type { Because } from '../base/because.ts';
import type { BaseReference, RenderedDockerfile } from '../dockerfile/types.ts';
import type { Plan } from '../plan/types.ts';
import { renderPlainText } from './format.ts';
import { renderLineDiff } from './line-diff.ts';

/** A rendered Dockerfile with what led to it. */
export interface DockerfileFacts extends RenderedDockerfile {
  readonly because: Because;
  readonly base: BaseReference;
  readonly plan: Plan;
  /** The `.dockerignore` that the project has. */
  readonly ownIgnore?: string;
}

export interface DockerfilePlaces {
  /** Absolute; absent where it went to standard output. */
  readonly file?: string;
  readonly written: readonly string[];
  readonly cwd: string;
}

/** What a person reads beside the file: which variant and why, where it is, what builds it. */
export function renderDockerfileNotes(facts: DockerfileFacts, { file, written, cwd }: DockerfilePlaces): string {
  const { variant, because, ownIgnore, dockerignore } = facts;
  const lines = [`variant \`${variant}\`: ${because.rule}`];
  if (file !== undefined) {
    const short = (path: string): string => relative(cwd, path) || path;
    lines.push(...written.map((path) => `written: ${short(path)}`));
    if (written.length === 0) lines.push(`\`${short(file)}\` is as it was`);
    if (ownIgnore !== undefined) {
      lines.push(
        `builders read \`${short(file)}.dockerignore\` in place of \`.dockerignore\`, which stays as it is; what differs:`,
        renderLineDiff(ownIgnore, dockerignore),
      );
    }
  }
  return `${renderPlainText(lines.join('\n'))}\n`;
}

export interface StaleFile {
  readonly file: string;
  readonly reason: string;
  readonly texts?: { readonly before: string; readonly after: string };
}

/** What is stale, and where it differs. */
export function renderStale(stale: readonly StaleFile[], cwd: string): string {
  if (stale.length === 0) return 'nothing has changed\n';
  const parts = stale.map(({ file, reason, texts }) => {
    const head = `\`${relative(cwd, file)}\` is stale: ${reason}`;
    return texts === undefined ? head : `${head}\n${renderLineDiff(texts.before, texts.after)}`;
  });
  return `${renderPlainText(parts.join('\n'))}\nhint: write it again, by the same command without --check, and commit it\n`;
}

/** For `--json`. */
export function dockerfileData(facts: DockerfileFacts, more: object): object {
  const { variant, because, base, text, dockerignore, secrets, needs, plan } = facts;
  const { warnings } = plan;
  return { variant, because, base, dockerfile: text, dockerignore, secrets, needs, warnings, ...more };
}
