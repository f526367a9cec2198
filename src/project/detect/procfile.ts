import type { ProcessFact } from '../facts.ts';
import type { Project } from '../project.ts';
import { type CommandEvidence, parseShellLine, splitShellWords } from './commands.ts';

export interface ProcfileFacts {
  readonly processes: readonly ProcessFact[];
  readonly evidence: readonly CommandEvidence[];
}

/** Reads a `Procfile`: `NAME: COMMAND` on each line. */
export async function readProcfile(project: Project): Promise<ProcfileFacts> {
  const text = (await project.readText('Procfile')) ?? '';
  const processes: ProcessFact[] = [];
  const evidence: CommandEvidence[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    const found = /^([A-Za-z0-9_-]+):\s*(.+?)\s*$/.exec(line);
    if (found?.[1] === undefined || found[2] === undefined) return;
    const because = { file: 'Procfile', line: index + 1, rule: `the process \`${found[1]}\` of the Procfile` };
    const words = splitShellWords(found[2]);
    const needsShell = words === undefined || words.some((word) => word.includes('$') || /^[A-Za-z_]\w*=/.test(word));
    processes.push({ name: found[1], command: needsShell ? ['sh', '-c', found[2]] : words, because });
    if (found[1] === 'web') evidence.push(...parseShellLine(found[2], because));
  });
  return { processes, evidence };
}
