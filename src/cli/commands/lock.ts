import { resolve } from 'node:path';
import type { Command } from 'commander';
import { renderLockText } from '../../report/lock-text.ts';
import { addSharedOptions, inlineConfig, type SharedFlags } from '../options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface LockFlags extends SharedFlags {
  readonly check?: boolean;
  /** True where it stands without a name. */
  readonly upgrade?: true | readonly (string | true)[];
}

const examples = `
Examples:
  tare lock                                    write what a build would use to tare.lock
  tare lock --platform linux/amd64,linux/arm64
  tare lock --check                            in CI: fail where tare.lock does not fit the project
  tare lock --upgrade                          everything as today's indexes have it
  tare lock --upgrade flask --upgrade libssl3t64
  tare build --locked                          build exactly that`;

export function addLockCommand(program: Command, host: CliHost): void {
  const command = program
    .command('lock')
    .description('record everything that a build resolves in tare.lock: Python, Debian packages, wheels')
    .argument('[directory]', 'folder of the application', '.')
    .option('--check', 'write nothing; fail where tare.lock is not what `tare lock` would write')
    .option('--upgrade [name]', 'resolve anew: everything, or one wheel or Debian package (repeatable)', collectNames)
    .option('--json', 'print one JSON object on stdout');
  addSharedOptions(command)
    .addHelpText('after', examples)
    .action(async (directory: string, flags: LockFlags) => {
      const { lock } = await import('../../api/lock.ts');
      const cwd = process.cwd();
      const session = openSession(flags, host);
      try {
        const options = { check: flags.check ?? false, ...upgradeOf(flags.upgrade) };
        const report = await lock(resolve(cwd, directory), inlineConfig(flags, cwd), options, session.context);
        session.close();
        process.stdout.write(
          flags.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${renderLockText(report)}\n`,
        );
      } finally {
        session.close();
      }
    });
}

function collectNames(name: string, before: LockFlags['upgrade']): readonly (string | true)[] {
  return [...(before === undefined || before === true ? [] : before), name];
}

function upgradeOf(flag: LockFlags['upgrade']): { readonly upgrade?: 'everything' | readonly string[] } {
  if (flag === undefined) return {};
  const names = flag === true ? [] : flag.filter((one) => typeof one === 'string');
  return { upgrade: names.length === 0 ? 'everything' : names };
}
