import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { readFileConfig } from '../../config/file.ts';
import { type ResolvedConfig, resolveConfig } from '../../config/resolve.ts';
import type { InlineConfig } from '../../config/schema.ts';
import { detectProject } from '../../project/manifest.ts';
import { openProject } from '../../project/project.ts';

/** The project with its configuration and what was found out about it. */
export async function readProject(directory: string, inline: InlineConfig, context: Context) {
  const bare = await openProject(directory);
  const config = resolveConfig(await readFileConfig(bare), context.env, inline);
  const { include } = config;
  const exclude = [...config.exclude, ...ownFiles(config)];
  const chooses = include.length > 0 || exclude.length > 0;
  const project = chooses ? await openProject(directory, { include, exclude }) : bare;
  const { entrypoint, name, version, python, port } = config;
  const facts = await detectProject(project, {
    extras: config.extras,
    groups: config.groups,
    sourceNeeds: config.sources === 'strip',
    ...(entrypoint === undefined ? {} : { entryPoint: entrypoint }),
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(python === undefined ? {} : { python }),
    ...(port === undefined ? {} : { port }),
  });
  for (const warning of [...project.warnings, ...facts.warnings]) context.log.warn(warning.message, warning.hint);
  return { project, config, facts };
}

/** Files of the project that tare itself reads, as patterns: an archive of Python is no part of the application. */
function ownFiles({ standalone, caCertificates }: ResolvedConfig): readonly string[] {
  const named = [standalone?.archive, ...caCertificates].filter((one) => one !== undefined);
  return named.flatMap((path) => (/^(?:[a-z]+:|\/|\.\.)/.test(path) ? [] : [`/${path.replace(/^\.\//, '')}`]));
}

/** Seconds since the epoch (reproducible-builds.org, SOURCE_DATE_EPOCH). */
export function readSourceDateEpoch(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new TareError({
    code: 'SOURCE_DATE_EPOCH_INVALID',
    message: `SOURCE_DATE_EPOCH is \`${text}\``,
    expected: 'whole seconds since 1970-01-01 UTC',
    hint: 'for example `SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)`',
  });
}
