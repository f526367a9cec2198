import { type Command, InvalidArgumentError } from 'commander';
import { TareError } from '../../base/errors.ts';
import type { EngineName, PortMapping } from '../../engine/run.ts';
import { addLockOptions, type LockFlags, lockWish } from '../lock-options.ts';
import { addSharedOptions, collect, inlineConfig, parsePositive, type SharedFlags } from '../options.ts';
import { placeOrReference } from '../places.ts';
import type { CliHost, Outcome } from '../run-cli.ts';
import { registryOptions } from '../registry-options.ts';
import { openSession } from '../session.ts';

interface RunFlags extends SharedFlags, LockFlags {
  readonly publish?: readonly string[];
  readonly env?: readonly string[];
  readonly volume?: readonly string[];
  readonly readOnly?: boolean;
  readonly rm?: boolean;
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly engine?: EngineName;
  readonly healthcheck?: string;
  readonly healthcheckTimeout?: number;
  readonly stopAfterHealthcheck?: boolean;
  readonly insecure?: boolean;
}

const examples = `
Examples:
  tare run                                       build what is here and run it
  tare run -p 8080:8000 -e DEBUG=1 --healthcheck /healthz
  tare run .tare/image                           an image that was built before
  tare run registry.example/team/shop:1.0        an image of a registry
  tare run -it -- python                         another command in the same image`;

/** `argv`: all words after `tare`, where `--` is still among them. */
export function addRunCommand(program: Command, host: CliHost, outcome: Outcome, argv: readonly string[]): void {
  const command = program
    .command('run')
    .description('build if needed and run: docker or podman if one answers, else runc, else plain namespaces')
    .argument('[target]', 'folder of the application, an OCI layout, or an image of a registry', '.')
    .argument('[command...]', 'run this in place of the image’s command')
    .option('-p, --publish <host:container>', 'reach a port of the container on this machine (repeatable)', collect)
    .option('-e, --env <name=value>', 'an environment variable (repeatable)', collect)
    .option('-v, --volume <source:target[:ro]>', 'mount a folder or file (repeatable)', collect)
    .option('--read-only', 'nothing but /tmp can be written, as an image built with `read-only` runs by itself')
    .option('--rm', 'remove the container when it ends', true)
    .option('--no-rm', 'keep the container of docker or podman when it ends')
    .option('-i, --interactive', 'standard input goes to the process')
    .option('-t, --tty', 'the process gets a terminal')
    .option('--insecure', 'the registry of the image may have no TLS, or any certificate')
    .option('--engine <name>', 'docker, podman, runc or namespaces', parseEngine)
    .option('--healthcheck <path>', 'wait until this path answers')
    .option('--healthcheck-timeout <seconds>', 'for how long to wait', parsePositive, 60)
    .option('--stop-after-healthcheck', 'end with exit code 0 as soon as the health check answers');
  addLockOptions(addSharedOptions(command))
    .addHelpText('after', examples)
    .action(async (_target: string, _words: string[], flags: RunFlags, parsed: Command) => {
      const { target, words } = operandsOf(parsed.args, argv);
      const { parsePort, parseVolume, run } = await import('../../api/run.ts');
      const cwd = process.cwd();
      const ports: readonly PortMapping[] = (flags.publish ?? []).map(parsePort);
      const volumes = (flags.volume ?? []).map((text) => parseVolume(text, cwd));
      const env = Object.fromEntries((flags.env ?? []).map(parseVariable));
      const session = openSession(flags, host);
      try {
        const [platform] = flags.platform ?? [];
        const result = await run(
          placeOrReference(target, cwd),
          inlineConfig(flags, cwd),
          {
            ...(platform === undefined ? {} : { platform }),
            ...registryOptions(flags),
            ports,
            env,
            volumes,
            readOnly: flags.readOnly ?? false,
            remove: flags.rm ?? true,
            interactive: flags.interactive ?? false,
            tty: flags.tty ?? false,
            ...(words.length === 0 ? {} : { command: words }),
            ...(flags.engine === undefined ? {} : { engine: flags.engine }),
            ...(flags.healthcheck === undefined ? {} : { healthcheck: flags.healthcheck }),
            healthcheckSeconds: flags.healthcheckTimeout ?? 60,
            stopAfterHealthcheck: flags.stopAfterHealthcheck ?? false,
            onBuilt: session.close,
            lock: lockWish(flags, cwd),
          },
          session.context,
        );
        outcome.exitCode = result.exitCode;
      } finally {
        session.close();
      }
    });
}

/** What stands behind `--` is a command, also where no target stands before it. */
function operandsOf(
  operands: readonly string[],
  all: readonly string[],
): { readonly target: string; readonly words: readonly string[] } {
  const at = all.indexOf('--');
  const isCommandOnly = at >= 0 && operands.length === all.length - at - 1;
  const [target = '.', ...words] = isCommandOnly ? ['.', ...operands] : operands;
  return { target, words };
}

/** `NAME=VALUE`; a bare `NAME` takes the value of this environment, as docker does. */
function parseVariable(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  const value = process.env[text];
  if (at === -1 && value !== undefined) return [text, value];
  throw new TareError({
    code: 'USAGE',
    message: `\`${text.slice(0, at === -1 ? undefined : at)}\` given with -e has no value`,
    expected: 'NAME=VALUE, or the name of a variable that is set here',
  });
}

function parseEngine(text: string): string {
  if (['docker', 'podman', 'runc', 'namespaces'].includes(text)) return text;
  throw new InvalidArgumentError('expected docker, podman, runc or namespaces');
}
