import { resolve } from 'node:path';
import type { Command } from 'commander';
import { renderFilesText, renderPlanText } from '../../report/plan-text.ts';
import { addLockOptions, type LockFlags, lockWish } from '../lock-options.ts';
import { addImageOptions, addSharedOptions, imageConfig, type ImageFlags } from '../options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface PlanFlags extends ImageFlags, LockFlags {
  readonly explain?: boolean;
  readonly files?: boolean;
}

const examples = `
Examples:
  tare plan                  what would be built
  tare plan --explain        with the reason of every decision
  tare plan --files          which files enter the image, which stay out, and why
  tare plan --json | jq '.targets[0].wheels[].filename'`;

export function addPlanCommand(program: Command, host: CliHost): void {
  const command = program
    .command('plan')
    .description('show every decision about the image, without building it')
    .argument('[directory]', 'folder of the application', '.')
    .option('--explain', 'with the reason of every decision')
    .option('--files', 'the files that enter the image and those that stay out')
    .option('--json', 'print the plan as JSON (schema/plan.json)');
  addLockOptions(addSharedOptions(addImageOptions(command)))
    .addHelpText('after', examples)
    .action(async (directory: string, flags: PlanFlags) => {
      const { plan } = await import('../../api/plan.ts');
      const cwd = process.cwd();
      const session = openSession(flags, host);
      try {
        const made = await plan(
          resolve(cwd, directory),
          imageConfig(flags, cwd),
          session.context,
          lockWish(flags, cwd),
        );
        session.close();
        process.stdout.write(`${renderAs(flags, made)}\n`);
      } finally {
        session.close();
      }
    });
}

function renderAs(flags: PlanFlags, made: Parameters<typeof renderPlanText>[0]): string {
  if (flags.json === true) return JSON.stringify(made, undefined, 2);
  if (flags.files === true) return renderFilesText(made);
  return renderPlanText(made, flags.explain ?? false);
}
