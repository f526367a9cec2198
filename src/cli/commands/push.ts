import { resolve } from 'node:path';
import type { Command } from 'commander';
import { TareError } from '../../base/errors.ts';
import { renderPushText } from '../../report/registry-text.ts';
import { absolutePlace } from '../places.ts';
import { addRegistryOptions, type RegistryFlags, registryOptions, splitPlatforms } from '../registry-options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface PushFlags extends RegistryFlags {
  readonly platform?: readonly string[];
}

const examples = `
Examples:
  tare push                                    the image that was built here, to where its tag says
  tare push registry.example/team/shop:1.0
  tare push oci:out registry.example/team/shop:1.0 --platform linux/arm64
  tare push shop.tar localhost:5000/shop       what docker save wrote, to a registry of this machine
  tare push --json | jq .digest`;

export function addPushCommand(program: Command, host: CliHost): void {
  const command = program
    .command('push')
    .description('push an image to a registry: only what it lacks, the tag last')
    .argument('[image]', 'folder of the application, oci:DIR, or an archive; default what was built here')
    .argument('[reference]', 'HOST[:PORT]/NAME[:TAG]; default the tag of the build')
    .option('--platform <list>', 'only these platforms, comma separated', splitPlatforms);
  addRegistryOptions(command)
    .addHelpText('after', examples)
    .action(async (first: string | undefined, second: string | undefined, flags: PushFlags) => {
      const { push } = await import('../../api/push.ts');
      const { isImagePlace } = await import('../../api/image/place.ts');
      const cwd = process.cwd();
      const session = openSession(flags, host);
      try {
        const isPlace =
          first !== undefined && (second !== undefined || (await isImagePlace(absolutePlace(first, cwd))));
        const place = isPlace ? absolutePlace(first, cwd) : resolve(cwd);
        const name = isPlace ? second : first;
        if (place.startsWith('docker://')) throw fromRegistry(place);
        const options = {
          ...registryOptions(flags),
          ...(flags.platform === undefined ? {} : { platforms: flags.platform }),
        };
        const report = await push(place, name, options, session.context);
        session.close();
        process.stdout.write(
          flags.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${renderPushText(report)}\n`,
        );
      } finally {
        session.close();
      }
    });
}

function fromRegistry(place: string): TareError {
  return new TareError({
    code: 'USAGE',
    message: `\`${place}\` is in a registry, not at hand`,
    expected: 'oci:DIR, an archive or the folder of an application, and then a reference without `docker://`',
  });
}
