import type { Command } from 'commander';
import { renderVerifyText } from '../../report/verify-text.ts';
import { collect, parsePositive, type SharedFlags } from '../options.ts';
import { placeOrReference } from '../places.ts';
import { registryOptions, splitPlatforms } from '../registry-options.ts';
import type { CliHost, Outcome } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface VerifyFlags extends Pick<SharedFlags, 'cacheDir' | 'verbose' | 'json' | 'workers'> {
  readonly platform?: readonly string[];
  readonly allow?: readonly string[];
  readonly insecure?: boolean;
}

const examples = `
Examples:
  tare verify                                  the image that was built here, in .tare/image
  tare verify oci:out --platform linux/arm64
  tare verify registry.example/team/shop:1.0
  docker save shop:1.0 -o shop.tar && tare verify shop.tar
  tare verify --allow user-is-root --json | jq '.platforms[].findings[]'`;

export function addVerifyCommand(program: Command, host: CliHost, outcome: Outcome): void {
  program
    .command('verify')
    .description('prove an image without running it: libraries, links, scripts, entry points, bytecode, permissions')
    .argument(
      '[image]',
      'oci:DIR, oci-archive:FILE, docker-archive:FILE, a path to one, docker://REF, docker-daemon:NAME or podman:NAME',
      '.',
    )
    .option('--platform <list>', 'only these platforms, comma separated', splitPlatforms)
    .option('--insecure', 'the registry of the image may have no TLS, or any certificate')
    .option('--allow <code>', 'a finding that does not fail the image (repeatable)', collect)
    .option('--cache-dir <folder>', 'cache folder (or TARE_CACHE_DIR)')
    .option('--workers <number>', 'worker threads', parsePositive)
    .option('--verbose', 'say more on stderr')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', examples)
    .action(async (place: string, flags: VerifyFlags) => {
      const { verify } = await import('../../api/verify.ts');
      const cwd = process.cwd();
      const session = openSession(flags, host);
      try {
        const { platform, allow } = flags;
        const options = {
          ...registryOptions(flags),
          ...(platform === undefined ? {} : { platforms: platform }),
          ...(allow === undefined ? {} : { allow }),
        };
        const report = await verify(placeOrReference(place, cwd), options, session.context);
        session.close();
        process.stdout.write(
          flags.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${renderVerifyText(report)}\n`,
        );
        outcome.exitCode = report.isSound ? 0 : 1;
      } finally {
        session.close();
      }
    });
}
