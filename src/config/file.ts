import * as v from 'valibot';
import { TareError } from '../base/errors.ts';
import type { Project } from '../project/project.ts';
import type { TomlDocument } from '../project/toml-document.ts';
import { type FileSettings, fileSchema, knownKeys } from './file-schema.ts';
import { nearestName } from './nearest-name.ts';
import { camelCase, kebabCase } from './key-case.ts';
import type { ConfigKey, FileConfig } from './resolve.ts';
import type { DebianConfig, UserConfig } from './schema.ts';

/** The settings of `[tool.tare]` in `pyproject.toml`, or of `tare.toml`. Throws `CONFIG_UNKNOWN_KEY`, `CONFIG_INVALID`, `CONFIG_TWICE`. */
export async function readFileConfig(project: Pick<Project, 'readToml'>): Promise<FileConfig> {
  const pyproject = await project.readToml('pyproject.toml');
  const inPyproject = tableOf(pyproject?.root['tool'])?.['tare'];
  const own = await project.readToml('tare.toml');
  if (own !== undefined && inPyproject !== undefined) {
    throw new TareError({
      code: 'CONFIG_TWICE',
      message: 'settings stand both in `tare.toml` and under `[tool.tare]` in `pyproject.toml`',
      where: 'tare.toml',
      hint: 'keep one of them',
    });
  }
  if (own !== undefined) return parseSettings(own, [], own.root);
  if (pyproject !== undefined && inPyproject !== undefined)
    return parseSettings(pyproject, ['tool', 'tare'], inPyproject);
  return { config: {}, lines: {} };
}

function parseSettings(document: TomlDocument, prefix: readonly string[], value: unknown): FileConfig {
  const parsed = v.safeParse(fileSchema, value);
  if (!parsed.success) throw issueError(document, prefix, parsed.issues[0]);
  const config = camelCased(parsed.output);
  const lines: Partial<Record<ConfigKey, number>> = {};
  for (const key of Object.keys(config) as ConfigKey[]) {
    const line = document.lineOf(...prefix, kebabCase(key));
    if (line !== undefined) lines[key] = line;
  }
  return { config, source: document.file, lines };
}

function camelCased(settings: FileSettings): UserConfig {
  const { debian, processes, ...rest } = settings;
  const present = Object.fromEntries(
    Object.entries(rest)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [camelCase(key), value]),
  ) as UserConfig;
  return {
    ...present,
    ...(processes === undefined
      ? {}
      : {
          processes: Object.fromEntries(
            Object.entries(processes).map(([name, one]) => [name, { command: one.command, ports: one.ports ?? [] }]),
          ),
        }),
    ...(debian === undefined
      ? {}
      : {
          debian: Object.fromEntries(
            Object.entries(debian)
              .filter(([, value]) => value !== undefined)
              .map(([key, value]) => [camelCase(key), value]),
          ) as DebianConfig,
        }),
  };
}

function issueError(document: TomlDocument, prefix: readonly string[], issue: v.BaseIssue<unknown>): TareError {
  const path = (issue.path ?? []).map((item) => (typeof item.key === 'number' ? item.key : String(item.key)));
  const line = document.lineOf(...prefix, ...path);
  const where = line === undefined ? document.file : `${document.file}:${line}`;
  const names = path.map(String);
  const last = names.at(-1) ?? '';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = knownKeys(names.slice(0, -1));
    const nearest = nearestName(last, known);
    return new TareError({
      code: 'CONFIG_UNKNOWN_KEY',
      message: `\`${names.join('.')}\` is no setting of tare`,
      where,
      expected: known.join(', '),
      hint: nearest === undefined ? 'remove it' : `did you mean \`${nearest}\`?`,
    });
  }
  return new TareError({
    code: 'CONFIG_INVALID',
    message: `setting \`${names.join('.')}\` cannot be used: ${issue.message}`,
    where,
    ...(issue.expected === null ? {} : { expected: issue.expected }),
    actual: issue.received,
    hint: 'see docs/configuration.md for what each setting takes',
  });
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}
