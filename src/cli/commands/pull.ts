import type { Command } from 'commander';
import { renderPullText } from '../../report/registry-text.ts';
import { shortenOutput } from '../places.ts';
import { addRegistryOptions, type RegistryFlags, registryOptions, splitPlatforms } from '../registry-options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface PullFlags extends RegistryFlags {
  readonly platform?: readonly string[];
  readonly output?: string;
}

const examples = `
Examples:
  tare pull registry.example/team/shop:1.0                     to the layout oci:shop
  tare pull registry.example/team/shop -o oci:out --platform linux/arm64
  tare pull python:3.13-slim -o docker-archive:python.tar && docker load -i python.tar
  tare pull localhost:5000/shop --json | jq .digest`;

export function addPullCommand(program: Command, host: CliHost): void {
  const command = program
    .command('pull')
    .description('pull an image from a registry into a layout, an archive or a root filesystem')
    .argument('<reference>', '[HOST[:PORT]/]NAME[:TAG][@DIGEST]')
    .option('-o, --output <where>', 'oci:DIR, oci-archive:FILE, docker-archive:FILE or rootfs:DIR')
    .option('--platform <list>', 'only these platforms, comma separated', splitPlatforms);
  addRegistryOptions(command)
    .addHelpText('after', examples)
    .action(async (reference: string, flags: PullFlags) => {
      const { pull } = await import('../../api/pull.ts');
      const cwd = process.cwd();
      const session = openSession(flags, host);
      try {
        const options = {
          ...registryOptions(flags),
          ...(flags.platform === undefined ? {} : { platforms: flags.platform }),
          ...(flags.output === undefined ? {} : { output: flags.output }),
          folder: cwd,
        };
        const report = await pull(reference, options, session.context);
        session.close();
        process.stdout.write(
          flags.json === true
            ? `${JSON.stringify(report, undefined, 2)}\n`
            : `${renderPullText(report, shortenOutput(report.output, cwd))}\n`,
        );
      } finally {
        session.close();
      }
    });
}
