import { resolve } from 'node:path';
import type { Command } from 'commander';
import { renderBuildText } from '../../report/build-text.ts';
import { renderPushText } from '../../report/registry-text.ts';
import { addLockOptions, type LockFlags, lockWish } from '../lock-options.ts';
import { addImageOptions, addSharedOptions, imageConfig, type ImageFlags } from '../options.ts';
import { shortenOutput } from '../places.ts';
import { addInsecureOption, registryOptions } from '../registry-options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface BuildFlags extends ImageFlags, LockFlags {
  readonly push?: boolean;
  readonly insecure?: boolean;
}

const examples = `
Examples:
  tare build                                   the application here, to .tare/image (an OCI layout)
  tare build shop --platform linux/amd64,linux/arm64
  tare build -o docker-archive:shop.tar && docker load -i shop.tar
  tare build -t registry.example/team/shop:1.0 --push
  tare build --json | jq .digest`;

export function addBuildCommand(program: Command, host: CliHost): void {
  const command = program
    .command('build')
    .description('build the image of an application, with no daemon and nothing executed')
    .argument('[directory]', 'folder of the application', '.')
    .option('-o, --output <where>', 'oci:DIR, oci-archive:FILE, docker-archive:FILE or rootfs:DIR')
    .option('-t, --tag <name>', 'name of the image in the output, for example shop:1.0')
    .option('--push', 'push the image to the registry that its tag names')
    .option('--json', 'print one JSON object on stdout');
  addInsecureOption(addLockOptions(addSharedOptions(addImageOptions(command))))
    .addHelpText('after', examples)
    .action(async (directory: string, flags: BuildFlags) => {
      const { build } = await import('../../api/build.ts');
      const { assertPushName, pushImages } = await import('../../api/push.ts');
      if (flags.push === true && flags.tag !== undefined) assertPushName(flags.tag, 'as given with `--tag`');
      const cwd = process.cwd();
      const session = openSession(flags, host);
      try {
        const wish = lockWish(flags, cwd);
        const built = await build(resolve(cwd, directory), imageConfig(flags, cwd), session.context, wish);
        const { report, plan } = built;
        const pushed =
          flags.push === true
            ? await pushImages(built.images, built.name, registryOptions(flags), session.context)
            : undefined;
        session.close();
        process.stdout.write(
          flags.json === true
            ? `${JSON.stringify(pushed === undefined ? report : { ...report, pushed }, undefined, 2)}\n`
            : `${renderBuildText(report, plan, shortenOutput(report.output, cwd))}\n`,
        );
        if (flags.json !== true && pushed !== undefined) process.stdout.write(`\n${renderPushText(pushed)}\n`);
      } finally {
        session.close();
      }
    });
}
