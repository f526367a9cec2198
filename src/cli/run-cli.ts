import { Command, CommanderError } from 'commander';
import { isTareError } from '../base/errors.ts';
import { readVersion } from '../base/own-version.ts';
import { errorData, renderErrorText } from '../report/error-text.ts';
import { addBasesCommand } from './commands/bases.ts';
import { addBuildCommand } from './commands/build.ts';
import { addCompareCommand } from './commands/compare.ts';
import { addDockerfileCommand } from './commands/dockerfile.ts';
import { addLockCommand } from './commands/lock.ts';
import { addLoginCommand, addLogoutCommand } from './commands/login.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addPullCommand } from './commands/pull.ts';
import { addPushCommand } from './commands/push.ts';
import { addRunCommand } from './commands/run.ts';
import { addVerifyCommand } from './commands/verify.ts';

/** Exit codes: 0 done, 1 failed, 2 usage, 75 worth retrying (sysexits EX_TEMPFAIL), 130 interrupted. */
const exitUsage = 2;
const exitTransient = 75;
const exitInterrupted = 130;

export interface CliHost {
  /** Aborted by Ctrl-C and SIGTERM while a command works. */
  readonly controller: AbortController;
}

/** What a command leaves behind: its exit code. */
export interface Outcome {
  exitCode: number;
}

/** Parses the arguments, runs one command, prints its error if it fails, and gives the exit code. */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  const outcome: Outcome = { exitCode: 0 };
  const program = createProgram(host, outcome, argv);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage;
    return reportFailure(error, argv, host);
  }
}

function createProgram(host: CliHost, outcome: Outcome, argv: readonly string[]): Command {
  const program = new Command('tare')
    .description('Put a Python application into a container that weighs almost nothing besides the application.')
    .version(readVersion(), '-V, --version')
    .showSuggestionAfterError()
    .showHelpAfterError('(`tare COMMAND --help` shows options and examples)')
    .configureHelp({ showGlobalOptions: false })
    .exitOverride();
  addBuildCommand(program, host);
  addPlanCommand(program, host);
  addRunCommand(program, host, outcome, argv);
  addBasesCommand(program, host);
  addLockCommand(program, host);
  addDockerfileCommand(program, host, outcome);
  addVerifyCommand(program, host, outcome);
  addCompareCommand(program, host, outcome);
  addPushCommand(program, host);
  addPullCommand(program, host);
  addLoginCommand(program, host);
  addLogoutCommand(program, host);
  for (const command of program.commands) command.exitOverride();
  return program;
}

function reportFailure(error: unknown, argv: readonly string[], host: CliHost): number {
  const signal = host.controller.signal;
  if (signal.aborted) {
    process.stderr.write('interrupted: nothing was written; run the same command again to go on from here\n');
    return exitInterrupted;
  }
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(errorData(error), undefined, 2)}\n`);
  process.stderr.write(`${renderErrorText(error)}\n`);
  if (!isTareError(error)) return 1;
  if (error.code === 'USAGE') return exitUsage;
  return error.transient ? exitTransient : 1;
}
