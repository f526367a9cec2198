import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { renderBuildText } from '../../report/build-text.ts';
import { addLockOptions, type LockFlags, lockWish } from '../lock-options.ts';
import { addImageOptions, addSharedOptions, imageConfig, type ImageFlags } from '../options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

const examples = `
Examples:
  tare build                                   the application here, to .tare/image (an OCI layout)
  tare build shop --platform linux/amd64,linux/arm64
  tare build -o docker-archive:shop.tar && docker load -i shop.tar
  tare build -o oci:out && skopeo copy oci:out docker://registry.example/shop:1.0
  tare build --json | jq .digest`;

export function addBuildCommand(program: Command, host: CliHost): void {
  const command = program
    .command('build')
    .description('build the image of an application, with no daemon and nothing executed')
    .argument('[directory]', 'folder of the application', '.')
    .option('-o, --output <where>', 'oci:DIR, oci-archive:FILE, docker-archive:FILE or rootfs:DIR')
    .option('-t, --tag <name>', 'name of the image in the output, for example shop:1.0')
    .option('--json', 'print one JSON object on stdout');
  addLockOptions(addSharedOptions(addImageOptions(command)))
    .addHelpText('after', examples)
    .action(async (directory: string, flags: ImageFlags & LockFlags) => {
      const { build } = await import('../../api/build.ts');
      const cwd = process.cwd();
      const session = openSession(flags, host);
      try {
        const wish = lockWish(flags, cwd);
        const { report, plan } = await build(resolve(cwd, directory), imageConfig(flags, cwd), session.context, wish);
        session.close();
        const place = shorten(report.output, cwd);
        process.stdout.write(
          flags.json === true
            ? `${JSON.stringify(report, undefined, 2)}\n`
            : `${renderBuildText(report, plan, place)}\n`,
        );
      } finally {
        session.close();
      }
    });
}

/** `oci:.tare/image` where that is shorter than the absolute path. */
function shorten(output: string, cwd: string): string {
  const at = output.indexOf(':') + 1;
  const short = relative(cwd, output.slice(at));
  return short !== '' && short.length < output.length - at ? `${output.slice(0, at)}${short}` : output;
}
