import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { TareError } from '../../base/errors.ts';
import { dockerfileData, renderDockerfileNotes, renderStale } from '../../report/dockerfile-text.ts';
import type { DockerfileWish } from '../../api/dockerfile.ts';
import { addLockOptions, type LockFlags, lockWish } from '../lock-options.ts';
import { addImageOptions, addSharedOptions, imageConfig, type ImageFlags } from '../options.ts';
import type { CliHost, Outcome } from '../run-cli.ts';
import { openSession, type Session } from '../session.ts';

interface DockerfileFlags extends ImageFlags, LockFlags {
  readonly variant?: NonNullable<DockerfileWish['variant']>;
  readonly comments?: NonNullable<DockerfileWish['comments']>;
  /** False with `--no-link`. */
  readonly link: boolean;
  readonly pin?: boolean;
  readonly output?: string;
  readonly check?: boolean;
  readonly force?: boolean;
  readonly bake?: boolean;
}

const variants = ['plain', 'cached', 'venv', 'wheels', 'uv'];
const examples = `
Examples:
  tare dockerfile                        the best one for the project, on stdout
  tare dockerfile -o Dockerfile          with Dockerfile.dockerignore beside it
  tare dockerfile -o Dockerfile --check  in CI: fail where the committed file is stale
  tare dockerfile --variant plain        for builders without BuildKit
  tare dockerfile --bake api worker      a Dockerfile for each folder, and docker-bake.json for all`;

export function addDockerfileCommand(program: Command, host: CliHost, outcome: Outcome): void {
  const command = program
    .command('dockerfile')
    .description('write the plan as a Dockerfile that an expert would write')
    .argument('[directory...]', 'folder of the application; several with --bake')
    .addOption(new Option('--variant <name>', `${variants.join(', ')}: how it installs`).choices(variants))
    .addOption(new Option('--comments <how much>', 'full (default), brief or none').choices(['full', 'brief', 'none']))
    .option('--no-link', 'without `COPY --link`, for a BuildKit before 0.10 (Docker 20.10)')
    .option('--pin', 'fail where the digest of the base cannot be had')
    .option('-o, --output <file>', 'write it to a file, and its ignore file beside it')
    .option('--check', 'write nothing; fail where the files that are there are not what would be written')
    .option('--force', 'overwrite a file that tare did not write')
    .option('--bake', 'write docker-bake.json and the Dockerfile of each folder')
    .option('--json', 'print one JSON object on stdout');
  addLockOptions(addSharedOptions(addImageOptions(command)))
    .addHelpText('after', examples)
    .action(async (directories: readonly string[], flags: DockerfileFlags) => {
      const session = openSession(flags, host);
      try {
        await run(directories, flags, session, outcome);
      } finally {
        session.close();
      }
    });
}

async function run(
  directories: readonly string[],
  flags: DockerfileFlags,
  session: Session,
  outcome: Outcome,
): Promise<void> {
  const cwd = process.cwd();
  const [directory = '.', ...others] = directories;
  if (flags.bake === true) return bake(directories.length === 0 ? ['.'] : directories, flags, session, outcome);
  if (others.length > 0) throw usage('one folder', 'for several, with a bake file: `tare dockerfile --bake A B`');
  const wish = wishOf(flags, cwd);
  const api = await import('../../api/dockerfile.ts');
  const place = resolve(cwd, directory);
  const { output, ...rest } = flags;
  const config = imageConfig(rest, cwd);
  if (flags.check === true) {
    const file = output ?? resolve(place, 'Dockerfile');
    const { result, stale } = await api.checkDockerfile(
      place,
      config,
      { ...wish, file: resolve(cwd, file) },
      session.context,
    );
    session.close();
    if (flags.json === true)
      print(dockerfileData(result, { stale: stale.map(({ file: path, reason }) => ({ file: path, reason })) }));
    process.stderr.write(renderStale(stale, cwd));
    if (stale.length > 0) outcome.exitCode = 1;
    return;
  }
  if (output !== undefined) {
    const file = resolve(cwd, output);
    const { result, written } = await api.writeDockerfile(
      place,
      config,
      { ...wish, file, force: flags.force ?? false },
      session.context,
    );
    session.close();
    if (flags.json === true) print(dockerfileData(result, { written }));
    process.stderr.write(renderDockerfileNotes(result, { file, written, cwd }));
    return;
  }
  const before = await api.readUsualDockerfile(place);
  const result = await api.dockerfile(
    place,
    config,
    { ...wish, ...(before === undefined ? {} : { before }) },
    session.context,
  );
  session.close();
  if (flags.json === true) print(dockerfileData(result, {}));
  else process.stdout.write(result.text);
  process.stderr.write(renderDockerfileNotes(result, { written: [], cwd }));
}

async function bake(
  directories: readonly string[],
  flags: DockerfileFlags,
  session: Session,
  outcome: Outcome,
): Promise<void> {
  const { bakeDockerfiles, checkBake } = await import('../../api/dockerfile/bake.ts');
  const cwd = process.cwd();
  const { output, ...rest } = flags;
  const places = directories.map((one) => resolve(cwd, one));
  const config = imageConfig(rest, cwd);
  const wish = { ...wishOf(flags, cwd), file: resolve(cwd, output ?? 'docker-bake.json') };
  if (flags.check === true) {
    const stale = await checkBake(places, config, wish, session.context);
    session.close();
    if (flags.json === true) print({ file: wish.file, stale: stale.map(({ file, reason }) => ({ file, reason })) });
    process.stderr.write(renderStale(stale, cwd));
    if (stale.length > 0) outcome.exitCode = 1;
    return;
  }
  const report = await bakeDockerfiles(places, config, { ...wish, force: flags.force ?? false }, session.context);
  session.close();
  if (flags.json === true) print(report);
  else process.stderr.write(report.written.map((path) => `written: ${path}\n`).join('') || 'nothing has changed\n');
}

function wishOf(flags: DockerfileFlags, cwd: string): DockerfileWish {
  const { variant, comments, link, pin } = flags;
  return {
    ...(variant === undefined ? {} : { variant }),
    ...(comments === undefined ? {} : { comments }),
    ...(link ? {} : { link: false }),
    ...(pin === undefined ? {} : { pin }),
    lock: lockWish(flags, cwd),
  };
}

function print(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
}

function usage(expected: string, hint: string): TareError {
  return new TareError({ code: 'USAGE', message: 'several folders were given', expected, hint });
}
