/** One instruction of a Dockerfile as the lines of its text. */
export interface DockerfileInstruction {
  /** One-based. */
  readonly line: number;
  /** On one line, with single spaces. */
  readonly text: string;
}

/** Instructions of a Dockerfile with the lines that they begin in: continued lines are joined, comments left out. */
export function listInstructions(dockerfile: string): readonly DockerfileInstruction[] {
  const instructions: { line: number; text: string }[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [at, raw] of dockerfile.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const isContinued = line.endsWith('\\');
    const text = isContinued ? line.slice(0, -1).trim() : line;
    if (open === undefined) open = { line: at + 1, text };
    else open.text = `${open.text} ${text}`;
    if (isContinued) continue;
    instructions.push(open);
    open = undefined;
  }
  if (open !== undefined) instructions.push(open);
  return instructions.map(({ line, text }) => ({ line, text: text.replace(/\s+/g, ' ') }));
}

/** The line of an instruction as a builder shows it: spaces may differ, its end may be cut off, options may be left out. */
export function lineOfInstruction(dockerfile: string, shown: string): number | undefined {
  const wanted = squeeze(shown);
  if (wanted === '') return undefined;
  const all = listInstructions(dockerfile).map(({ line, text }) => ({ line, text: squeeze(text) }));
  const found =
    all.find(({ text }) => text === wanted) ??
    all.find(({ text }) => wanted.length >= 4 && text.startsWith(wanted.replace(/(?:\.\.\.|…)$/, '')));
  return found?.line;
}

/** Builders differ in the spaces and in the quotes that they show. */
function squeeze(text: string): string {
  return text.replace(/[\s\\]+/g, '');
}
