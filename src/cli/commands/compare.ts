import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CompareWaysOptions, Way } from '../../api/compare-ways.ts';
import { writeFileAtomically } from '../../base/atomic-file.ts';
import { TareError } from '../../base/errors.ts';
import { renderComparisonMarkdown } from '../../report/compare-markdown.ts';
import { type PictureBar, renderBarsSvg } from '../../report/compare-svg.ts';
import { renderComparisonText } from '../../report/compare-text.ts';
import { renderWaysMarkdown, renderWaysText, wayBars } from '../../report/ways-text.ts';
import { addSharedOptions, imageConfig, parsePositive, type SharedFlags } from '../options.ts';
import { placeOrReference } from '../places.ts';
import { addInsecureOption, registryOptions } from '../registry-options.ts';
import type { CliHost, Outcome } from '../run-cli.ts';
import { openSession, type Session } from '../session.ts';

interface CompareFlags extends SharedFlags {
  readonly insecure?: boolean;
  readonly markdown?: boolean;
  readonly svg?: string;
  readonly top?: number;
  readonly variant?: readonly Way[];
  readonly engine?: NonNullable<CompareWaysOptions['engine']>;
  readonly builder?: string;
  readonly cold?: boolean;
  readonly edit?: boolean;
}

const examples = `
Examples:
  tare compare                                 the project here: every way to build its image, and what each costs
  tare compare shop --variant venv,uv,direct --cold --edit --markdown
  tare compare oci:before oci:after            images: what is in one and not in the other
  tare compare docker-daemon:shop:1 docker-daemon:shop:2 podman:shop:2
  tare compare docker://python:3.13 docker://python:3.13-slim --svg sizes.svg`;

const ways = ['plain', 'cached', 'venv', 'wheels', 'uv', 'direct'] as const satisfies readonly Way[];
const engines = ['auto', 'buildx', 'docker', 'podman', 'buildah', 'buildctl'] as const;

export function addCompareCommand(program: Command, host: CliHost, outcome: Outcome): void {
  const command = program
    .command('compare')
    .description('show side by side what images hold and weigh, or what each way to build a project costs')
    .argument(
      '[what...]',
      'the folder of an application; or images: oci:DIR, oci-archive:FILE, docker-archive:FILE, docker://REF, docker-daemon:NAME, podman:NAME',
    )
    .option('--variant <list>', `ways to build, comma separated: ${ways.join(', ')} (all)`, parseWays)
    .addOption(new Option('--engine <name>', 'who builds the Dockerfiles').choices(engines))
    .option('--builder <name>', 'a builder of buildx, or the address of a BuildKit')
    .option('--cold', 'use nothing that an earlier build kept')
    .option('--edit', 'build once more after a one-line edit, in a copy of the project')
    .option('--top <number>', 'of images: how many folders are told (20)', parsePositive)
    .option('--svg <file>', 'write a picture of the sizes')
    .option('--markdown', 'print Markdown')
    .option('--json', 'print one JSON object on stdout');
  addInsecureOption(addSharedOptions(command))
    .addHelpText('after', examples)
    .action(async (what: readonly string[], flags: CompareFlags) => {
      const isImages =
        what.length > 1 || what.some((one) => /^(?:oci|[a-z]+-archive|docker-daemon|podman|docker):/.test(one));
      const compare = isImages ? imagesOf : waysOf;
      const session = openSession(flags, host);
      try {
        const compared = await compare(what, flags, session);
        session.close();
        const cwd = process.cwd();
        if (flags.svg !== undefined)
          await writeFileAtomically(resolve(cwd, flags.svg), renderBarsSvg(compared.title, compared.bars));
        const text = flags.markdown === true ? compared.markdown : compared.text;
        process.stdout.write(`${flags.json === true ? JSON.stringify(compared.data, undefined, 2) : text()}\n`);
        outcome.exitCode = compared.isWhole ? 0 : 1;
      } finally {
        session.close();
      }
    });
}

interface Compared {
  readonly data: unknown;
  readonly text: () => string;
  readonly markdown: () => string;
  readonly title: string;
  readonly bars: readonly PictureBar[];
  /** All that was asked for by name is there. */
  readonly isWhole: boolean;
}

async function imagesOf(what: readonly string[], flags: CompareFlags, { context }: Session): Promise<Compared> {
  const given = (['variant', 'engine', 'builder', 'cold', 'edit'] as const).find((flag) => flags[flag] !== undefined);
  if (given !== undefined) {
    throw new TareError({
      code: 'USAGE',
      message: `\`--${given}\` is for comparing ways to build a project, not for images`,
      hint: 'leave it out, or name the folder of an application alone',
    });
  }
  const { compareImages } = await import('../../api/compare-images.ts');
  const platform = onePlatform(flags);
  const options = {
    ...registryOptions(flags),
    ...(platform === undefined ? {} : { platform }),
    ...(flags.top === undefined ? {} : { folders: flags.top }),
  };
  const places = what.map((place) => placeOrReference(place, process.cwd()));
  const data = await compareImages(places, options, context);
  return {
    data,
    text: () => renderComparisonText(data),
    markdown: () => renderComparisonMarkdown(data),
    title: 'What the images hold, unpacked',
    bars: data.images.map(({ name, parts }) => ({ label: name, parts })),
    isWhole: true,
  };
}

async function waysOf([folder = '.']: readonly string[], flags: CompareFlags, { context }: Session): Promise<Compared> {
  const { compareWays } = await import('../../api/compare-ways.ts');
  const cwd = process.cwd();
  const { variant, engine, builder, cold, edit } = flags;
  const platform = onePlatform(flags);
  const options: CompareWaysOptions = {
    ...(variant === undefined ? {} : { ways: variant }),
    ...(engine === undefined ? {} : { engine }),
    ...(builder === undefined ? {} : { builder }),
    ...(platform === undefined ? {} : { platform }),
    isCold: cold === true,
    withEdit: edit === true,
  };
  const data = await compareWays(resolve(cwd, folder), imageConfig(flags, cwd), options, context);
  const failed = data.ways.filter(({ problem }) => problem !== null).length;
  return {
    data,
    text: () => renderWaysText(data),
    markdown: () => renderWaysMarkdown(data),
    title: `${data.project}: what each way to build it weighs, unpacked`,
    bars: wayBars(data),
    isWhole: failed === 0 || (variant === undefined && failed < data.ways.length),
  };
}

function onePlatform({ platform = [] }: CompareFlags): string | undefined {
  if (platform.length < 2) return platform[0];
  throw new TareError({
    code: 'USAGE',
    message: 'images are compared for one platform at a time',
    actual: platform.join(', '),
    hint: `give one: \`--platform ${platform[0]}\``,
  });
}

function parseWays(text: string): readonly Way[] {
  const names = text.split(',').filter((name) => name !== '');
  const found = names.flatMap((name) => ways.filter((way) => way === name));
  if (found.length === names.length && found.length > 0) return [...new Set(found)];
  throw new InvalidArgumentError(`expected some of ${ways.join(', ')}`);
}
