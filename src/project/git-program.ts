import spawn, { SubprocessError } from 'nano-spawn';

/**
 * A repository's configuration may name programs to run and variables of a running git point elsewhere: both are switched off.
 * Undefined where git cannot be started or answers with a failure.
 */
export async function runGit(folder: string, args: readonly string[], input?: string): Promise<string | undefined> {
  const guards = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'core.quotePath=false'];
  try {
    const result = await spawn('git', ['--no-optional-locks', ...guards, ...args], {
      cwd: folder,
      env: gitEnvironment,
      ...(input === undefined ? { stdin: 'ignore' as const } : { stdin: { string: input } }),
    });
    return result.stdout;
  } catch (error) {
    if (error instanceof SubprocessError) return undefined;
    throw error;
  }
}

const gitEnvironment: Readonly<Record<string, string | undefined>> = {
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_PREFIX: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_TRACE: undefined,
};
