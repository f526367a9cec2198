import { canonicalJson, sortedBy } from '../base/order.ts';
import type { Project } from '../project/project.ts';

/** Where files come from and are kept, not which they are (uv, "Settings"). */
const placesOnly = new Set([
  'allow-insecure-host',
  'cache-dir',
  'cache-keys',
  'check-url',
  'concurrent-builds',
  'concurrent-downloads',
  'concurrent-installs',
  'extra-index-url',
  'find-links',
  'index',
  'index-url',
  'keyring-provider',
  'native-tls',
  'offline',
  'publish-url',
  'pypy-install-mirror',
  'python-downloads-json-url',
  'python-install-mirror',
  'system-certs',
  'trusted-publishing',
]);

/** What a project tells uv of how to resolve, as text; undefined where it tells nothing. */
export async function readUvSettings(project: Project): Promise<string | undefined> {
  const own = await project.readToml('uv.toml');
  const tool = (await project.readToml('pyproject.toml'))?.root['tool'];
  const settings = withoutPlaces(own?.root ?? tableOf(tableOf(tool)?.['uv']));
  return settings === undefined ? undefined : canonicalJson(settings);
}

function withoutPlaces(table: Readonly<Record<string, unknown>> | undefined): unknown {
  if (table === undefined) return undefined;
  const kept = Object.entries(table).flatMap(([key, value]): [string, unknown][] => {
    if (placesOnly.has(key)) return [];
    if (key !== 'pip') return [[key, value]];
    const pip = withoutPlaces(tableOf(value));
    return pip === undefined ? [] : [[key, pip]];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}

const resolving =
  /^UV_(?:BUILD_CONSTRAINT|CONSTRAINT|EXCLUDE|EXCLUDE_NEWER|FORK_STRATEGY|INDEX_STRATEGY|OVERRIDE|PRERELEASE|RESOLUTION)$/;

/** Variables that uv resolves by, as text; undefined where none is set. */
export function uvVariables(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const set = Object.entries(env).filter(
    ([name, value]) => resolving.test(name) && value !== undefined && value !== '',
  );
  return set.length === 0 ? undefined : canonicalJson(sortedBy(set, ([name]) => name));
}
