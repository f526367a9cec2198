import type { Command } from 'commander';
import { TareError } from '../../base/errors.ts';
import { askPassword, askText, readAllInput } from '../prompt.ts';
import { addInsecureOption } from '../registry-options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface LoginFlags {
  readonly username?: string;
  readonly passwordStdin?: boolean;
  readonly insecure?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

const loginExamples = `
Examples:
  tare login registry.example                              asks for user name and password
  echo "$TOKEN" | tare login registry.example -u robot --password-stdin`;

const logoutExamples = `
Examples:
  tare logout registry.example`;

export function addLoginCommand(program: Command, host: CliHost): void {
  const command = program
    .command('login')
    .description('sign in at a registry; the credentials are kept where docker keeps them')
    .argument('<registry>', 'HOST[:PORT]')
    .option('-u, --username <name>', 'user name; it is asked for where none is given')
    .option('--password-stdin', 'read the password or token from standard input');
  addInsecureOption(command)
    .option('--verbose', 'say more on stderr')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', loginExamples)
    .action(async (registry: string, flags: LoginFlags) => {
      const { login } = await import('../../api/login.ts');
      const { username, password } = await readCredentials(flags);
      const session = openSession(flags, host);
      try {
        const options = { username, password, ...(flags.insecure === true ? { isInsecure: true } : {}) };
        const report = await login(registry, options, session.context);
        session.close();
        const checked = report.isChecked ? '' : ' (it asks for no credentials: they could not be checked)';
        const open = report.isHelper ? '' : ', readable for you alone but not encrypted';
        process.stdout.write(
          flags.json === true
            ? `${JSON.stringify(report, undefined, 2)}\n`
            : `signed in at ${report.registry} as ${report.username}${checked}\nkept in ${report.place}${open}\n`,
        );
      } finally {
        session.close();
      }
    });
}

export function addLogoutCommand(program: Command, host: CliHost): void {
  program
    .command('logout')
    .description('forget the credentials of a registry')
    .argument('<registry>', 'HOST[:PORT]')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', logoutExamples)
    .action(async (registry: string, flags: Pick<LoginFlags, 'json'>) => {
      const { logout } = await import('../../api/login.ts');
      const session = openSession(flags, host);
      try {
        const report = await logout(registry, session.context);
        session.close();
        const said = report.wasKnown ? `signed out of ${report.registry}` : `not signed in at ${report.registry}`;
        process.stdout.write(flags.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${said}\n`);
      } finally {
        session.close();
      }
    });
}

async function readCredentials(flags: LoginFlags): Promise<{ readonly username: string; readonly password: string }> {
  if (flags.passwordStdin === true) {
    if (flags.username === undefined)
      throw usage('`--password-stdin` is given without a user name', '`--username NAME`');
    return { username: flags.username, password: (await readAllInput()).replace(/\r?\n$/, '') };
  }
  if (!process.stdin.isTTY) throw usage('there is no terminal to ask for the password', '`--password-stdin`');
  const username = flags.username ?? (await askText('user name: '));
  return { username, password: await askPassword('password: ') };
}

function usage(message: string, expected: string): TareError {
  return new TareError({ code: 'USAGE', message, expected });
}
