import { assertNever } from '../base/errors.ts';
import type {
  CopyInstruction,
  Instruction,
  Mount,
  NamedText,
  RunInstruction,
  ShellCommand,
  ShellWord,
} from './instruction.ts';
import { assertKey, escapedWord, isPlainWord, jsonWords, literalSource, quotedValue, shellWord } from './words.ts';

/**
 * One instruction as text, without its comment (Dockerfile reference). `asciiOnly`: for a builder that takes no other names of files.
 * Throws `DOCKERFILE_INEXPRESSIBLE`.
 */
export function renderInstruction(instruction: Instruction, asciiOnly = false): string {
  switch (instruction.kind) {
    case 'from':
      return `FROM ${instruction.image} AS ${instruction.alias}`;
    case 'env':
    case 'label':
      return renderPairs(instruction.kind, instruction.pairs);
    case 'workdir':
      return `WORKDIR ${renderWorkdir(instruction.path)}`;
    case 'copy':
      return renderCopy(instruction, asciiOnly);
    case 'run':
      return renderRun(instruction);
    case 'expose':
      return `EXPOSE ${instruction.ports.join(' ')}`;
    case 'user':
      return `USER ${instruction.value}`;
    case 'stopsignal':
      return `STOPSIGNAL ${instruction.value}`;
    case 'healthcheck':
      if (instruction.command.length === 0) return 'HEALTHCHECK NONE';
      return `HEALTHCHECK ${instruction.options.join(' ')} \\\n    CMD ${jsonWords(instruction.command)}`;
    case 'entrypoint':
      return `ENTRYPOINT ${jsonWords(instruction.command)}`;
    case 'cmd':
      return `CMD ${jsonWords(instruction.command)}`;
    default:
      return assertNever(instruction);
  }
}

function renderPairs(kind: 'env' | 'label', pairs: readonly NamedText[]): string {
  const what = kind === 'env' ? 'the environment variable' : 'the label';
  const lines = pairs.map(({ name, value }) => {
    const where = `${what} \`${name.slice(0, 100)}\``;
    assertKey(name, where);
    const key = isPlainKey(name) ? name : quotedValue(name, where);
    return `${key}=${quotedValue(value, where)}`;
  });
  const word = kind === 'env' ? 'ENV' : 'LABEL';
  return `${word} ${lines.join(` \\\n${' '.repeat(word.length + 1)}`)}`;
}

function isPlainKey(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name);
}

/** It takes the rest of the line, blanks and all; one at the end would be lost. */
function renderWorkdir(path: string): string {
  return isPlainWord(path) ? path : `"${escapedWord(path)}"`;
}

function renderCopy({ from, sources, destination, owner, link }: CopyInstruction, asciiOnly: boolean): string {
  const flags = [
    ...(from === undefined ? [] : [`--from=${from}`]),
    ...(owner === undefined ? [] : [`--chown=${owner}`]),
    ...(link === true ? ['--link'] : []),
  ];
  const head = ['COPY', ...flags].join(' ');
  const words = [...sources.map((path) => escapedWord(literalSource(path, asciiOnly))), escapedWord(destination)];
  if (words.every(isPlainWord)) return `${head} ${words.join(' ')}`;
  return `${head} ${jsonWords(words)}`;
}

function renderRun({ mounts, commands }: RunInstruction): string {
  const lines = [
    ...mounts.map((mount) => `--mount=${renderMount(mount)}`),
    ...commands.map((command, at) => `${at === 0 ? '' : '&& '}${renderCommand(command)}`),
  ];
  return `RUN ${lines.join(' \\\n    ')}`;
}

function renderMount(mount: Mount): string {
  switch (mount.type) {
    case 'cache':
      return `type=cache,target=${mount.target}${mount.isLocked === true ? ',sharing=locked' : ''}`;
    case 'secret':
      return `type=secret,id=${mount.id},target=${mount.target}${mount.mode === undefined ? '' : `,mode=${mount.mode}`}`;
    case 'bind':
      return `type=bind,${mount.from === undefined ? '' : `from=${mount.from},`}source=${mount.source},target=${mount.target}`;
    default:
      return assertNever(mount);
  }
}

function renderCommand(command: ShellCommand): string {
  return command.map((line) => line.map(renderShellWord).join(' ')).join(' \\\n        ');
}

function renderShellWord(word: ShellWord): string {
  return typeof word === 'string' ? shellWord(word) : word.shell;
}
