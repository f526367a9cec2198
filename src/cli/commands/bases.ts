import { resolve } from 'node:path';
import type { Command } from 'commander';
import { renderBasesMarkdown, renderBasesText } from '../../report/bases-text.ts';
import { collect, inlineConfig, parsePositive, type SharedFlags } from '../options.ts';
import { splitPlatforms } from '../registry-options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface BasesFlags extends Omit<SharedFlags, 'base'> {
  readonly base?: readonly string[];
  readonly quick?: boolean;
  readonly markdown?: boolean;
}

const examples = `
Examples:
  tare bases                                       what the project here can be built on
  tare bases shop --python 3.12 --platform linux/arm64
  tare bases --base registry.example/bases/python:3.12 --base oci:../base
  tare bases --quick                               manifests alone: no layer is looked into
  tare bases --json | jq '.rows[] | {base, packed, wheels}'`;

export function addBasesCommand(program: Command, host: CliHost): void {
  program
    .command('bases')
    .description('compare the bases that the application can be built on, as they are now')
    .argument('[directory]', 'folder of the application', '.')
    .option('--python <version>', 'another Python than the project says, for example 3.12')
    .option('--platform <platform>', 'compare for this platform', splitPlatforms)
    .option('--base <image>', 'a further image: REFERENCE or oci:DIR (repeatable)', collect)
    .option('--quick', 'look into no layer that is not known yet')
    .option('--offline', 'use the cache only, and say what is missing')
    .option('--markdown', 'print a table of Markdown')
    .option('--cache-dir <folder>', 'cache folder (or TARE_CACHE_DIR)')
    .option('--workers <number>', 'worker threads', parsePositive)
    .option('--progress <how>', 'auto, tty, plain or none')
    .option('--verbose', 'say more on stderr')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', examples)
    .action(async (directory: string, flags: BasesFlags) => {
      const { bases } = await import('../../api/bases.ts');
      const cwd = process.cwd();
      const { base, ...rest } = flags;
      const session = openSession(rest, host);
      try {
        const options = {
          isQuick: flags.quick === true,
          ...(base === undefined ? {} : { named: base.map((one) => absoluteLayout(one, cwd)) }),
        };
        const report = await bases(resolve(cwd, directory), inlineConfig(rest, cwd), options, session.context);
        session.close();
        const render = flags.markdown === true ? renderBasesMarkdown : renderBasesText;
        process.stdout.write(
          `${flags.json === true ? JSON.stringify(report, undefined, 2) : render(report, session.context.now())}\n`,
        );
      } finally {
        session.close();
      }
    });
}

/** A path on the command line is relative to the current folder. */
function absoluteLayout(text: string, cwd: string): string {
  return text.startsWith('oci:') ? `oci:${resolve(cwd, text.slice('oci:'.length))}` : text;
}
