import { type Alternative, parseAlternative } from './alternatives.ts';
import type { DebControl } from './deb.ts';
import { scriptRules, triggerRules, type Verdict } from './maintainer-rules.data.ts';
import { readShellCommands, type ShellCommand } from './shell-commands.ts';

/** One command of a maintainer script, or one trigger, with what becomes of it. */
export interface JudgedCommand {
  /** `preinst`, `postinst` or `triggers`. */
  readonly script: string;
  readonly line: number;
  /** At most 200 characters. */
  readonly command: string;
  readonly verdict: Verdict;
  readonly because: string;
}

/** What the scripts of a package would do when it is installed for the first time. */
export interface MaintainerFacts {
  /** Names of the scripts that it has: `preinst`, `postinst`, `prerm`, `postrm`, `config`. */
  readonly scripts: readonly string[];
  readonly alternatives: readonly Alternative[];
  /** What it puts aside of other packages, absolute paths: tare does not. */
  readonly diversions: readonly string[];
  /** Lines of its `triggers` file. */
  readonly triggers: readonly string[];
  readonly judged: readonly JudgedCommand[];
}

const scriptNames = ['config', 'preinst', 'postinst', 'prerm', 'postrm'];

/** Judges the scripts of a package. Nothing is run. */
export function readMaintainerScripts(control: DebControl): MaintainerFacts {
  const name = control.fields.get('package') ?? '';
  const textOf = (file: string): string => Buffer.from(control.files.get(file) ?? []).toString('utf8');
  const alternatives: Alternative[] = [];
  const diversions: string[] = [];
  const judged: JudgedCommand[] = [];
  for (const script of ['preinst', 'postinst']) {
    const text = textOf(script);
    if (text.startsWith('#!') && !/^#!\s*\/bin\/(?:ba|da)?sh\b/.test(text)) {
      judged.push({
        ...unknown(script, 1, text.slice(0, text.indexOf('\n'))),
        because: 'a script that is not for the shell',
      });
      continue;
    }
    for (const command of readShellCommands(text)) {
      const judgement = judge(name, script, command);
      const alternative = parseAlternative(isAlternative(command) ? command.words : []);
      if (alternative !== undefined) alternatives.push(alternative);
      const isOpen = judgement.verdict === 'done by tare' && isAlternative(command) && alternative === undefined;
      judged.push(isOpen ? unknown(script, judgement.line, judgement.command) : judgement);
      diversions.push(...diversionsOf(command));
    }
  }
  const triggers = textOf('triggers')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
  judged.push(...triggers.map(judgeTrigger).filter((one) => one !== undefined));
  return {
    scripts: scriptNames.filter((one) => control.files.has(one)),
    alternatives: alternatives.slice(0, 1000),
    diversions,
    triggers,
    judged,
  };
}

/** What nobody does: each different command once. */
export function openCommands(facts: Pick<MaintainerFacts, 'judged'>): readonly JudgedCommand[] {
  const open = facts.judged.filter((one) => one.verdict === 'unsupported');
  return [...new Map(open.map((one) => [`${one.script} ${one.command}`, one])).values()];
}

const isAlternative = ({ words }: ShellCommand): boolean =>
  words[0] === 'update-alternatives' && words.includes('--install');

function judge(name: string, script: string, command: ShellCommand): JudgedCommand {
  const outputs = command.outputs.filter((file) => !/^(?:&|\/dev\/|\/var\/log\/|\d$)/.test(file));
  const text = [...command.words, ...outputs.map((file) => `> ${file}`)].join(' ').replace(/\s+/g, ' ').trim();
  const rule = scriptRules.find((one) => (one.packages?.test(name) ?? true) && one.command.test(text));
  const shown = text.slice(0, 200);
  if (rule === undefined) return unknown(script, command.line, shown);
  return { script, line: command.line, command: shown, verdict: rule.verdict, because: rule.because };
}

function unknown(script: string, line: number, command: string): JudgedCommand {
  return {
    script,
    line,
    command: command.slice(0, 200),
    verdict: 'unsupported',
    because: 'nobody has read this command',
  };
}

/** Those that it sets off; an interest concerns later packages (deb-triggers(5)). */
function judgeTrigger(text: string): JudgedCommand | undefined {
  const match = /^activate(?:-noawait|-await)?\s+(\S+)$/.exec(text);
  if (match === null) return /^interest/.test(text) ? undefined : unknown('triggers', 1, text);
  const rule = triggerRules.find((one) => one.name.test(match[1] ?? ''));
  const common = { script: 'triggers', line: 1, command: text };
  return rule === undefined
    ? { ...common, verdict: 'unsupported', because: 'nobody has read this trigger' }
    : { ...common, verdict: rule.verdict, because: rule.because };
}

function diversionsOf({ words }: ShellCommand): readonly string[] {
  if (words[0] !== 'dpkg-divert' || words.includes('--remove') || words.some((word) => /\.usr-is-merged$/.test(word)))
    return [];
  const path = words.findLast((word) => word.startsWith('/'));
  return path === undefined || words.some((word) => /^--(?:list|truename)$/.test(word)) ? [] : [path];
}
