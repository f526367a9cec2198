import type { Because, Fact } from '../../base/because.ts';
import type { Project } from '../project.ts';
import { type CommandEvidence, parseCommand, parseShellLine } from './commands.ts';

export interface DockerfileFacts {
  readonly evidence: readonly CommandEvidence[];
  readonly ports: readonly Fact<number>[];
}

/** Reads what an existing Dockerfile says of its last stage: the command and the port. Nothing else of it is used. */
export async function readDockerfile(project: Project): Promise<DockerfileFacts> {
  for (const file of ['Dockerfile', 'Containerfile', 'docker/Dockerfile', 'Dockerfile.prod', 'deploy/Dockerfile']) {
    const text = await project.readText(file);
    if (text !== undefined) return parseDockerfile(text, file);
  }
  return { evidence: [], ports: [] };
}

export function parseDockerfile(text: string, file: string): DockerfileFacts {
  let evidence: CommandEvidence[] = [];
  let ports: Fact<number>[] = [];
  for (const { line, words: instruction } of instructionsOf(text)) {
    const [name = '', rest = ''] = instruction;
    const because = { file, line, rule: `${name} of the ${file}` };
    if (name === 'FROM') {
      evidence = [];
      ports = [];
    } else if (name === 'CMD' || name === 'ENTRYPOINT') evidence.push(...commandsOf(rest, because));
    else if (name === 'EXPOSE') {
      for (const [, port] of rest.matchAll(/(?:^|\s)(\d{1,5})(?=\/tcp|\s|$)/g))
        ports.push({ value: Number(port), because });
    }
  }
  return { evidence, ports: ports.filter(({ value }) => value > 0 && value < 65536) };
}

function commandsOf(rest: string, because: Because): readonly CommandEvidence[] {
  const words = rest.startsWith('[') ? parseExecForm(rest) : undefined;
  const isShell = words !== undefined && /(?:^|\/)(?:ba|da)?sh$/.test(words[0] ?? '') && words[1] === '-c';
  const lines = isShell ? (words[2] ?? '') : words === undefined ? rest : undefined;
  if (lines === undefined) return [parseCommand(words ?? [], because)].filter((one) => one !== undefined);
  return parseShellLine(lines, because);
}

function parseExecForm(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch (error) {
    // Docker itself takes what is no JSON as a shell line.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Instructions with their first line; continued lines are joined, comments dropped. */
export function* instructionsOf(
  text: string,
): Generator<{ readonly line: number; readonly words: readonly [string, string] }> {
  let pending = '';
  let start = 0;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (/^\s*#/.test(raw) || (pending !== '' && raw.trim() === '')) continue;
    if (pending === '') start = index + 1;
    pending += raw.replace(/\\\s*$/, ' ');
    if (/\\\s*$/.test(raw)) continue;
    const found = /^\s*([A-Za-z]+)\s+(.*?)\s*$/.exec(pending);
    if (found?.[1] !== undefined) yield { line: start, words: [found[1].toUpperCase(), found[2] ?? ''] };
    pending = '';
  }
}
