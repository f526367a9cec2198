import type { Because } from '../../../base/because.ts';
import type { Project } from '../../project.ts';
import { joinPath, type PythonIndex } from '../python-index.ts';
import { isTable, valueAt } from '../toml-reader.ts';
import type { SourceNeed } from './source-need.ts';

/** What a configuration of Alembic says. */
interface AlembicSettings {
  readonly because: Because;
  /** Folder of the configuration. */
  readonly here: string;
  readonly location?: string;
  readonly versions: readonly string[];
  readonly isRecursive: boolean;
  readonly isSourceless: boolean;
}

const mostConfigurations = 50;

/**
 * Revisions of Alembic and Flask-Migrate. Without `sourceless` it lists its `versions` folders for `*.py` and applies nothing where there is
 * none (`ScriptDirectory._from_path`); `env.py` need not stay, since `load_python_file` takes `env.pyc` beside it.
 */
export async function findAlembicRevisions(project: Project, index: PythonIndex): Promise<readonly SourceNeed[]> {
  const settings = [...(await readIniSettings(project)), ...(await readTomlSettings(project))];
  const environments = [];
  for (const path of index.paths)
    if (/(?:^|\/)env\.py$/.test(path) && /\balembic\b/.test(await index.readText(path)))
      environments.push(parentOf(path));
  const folders = new Set([...environments, ...settings.flatMap((one) => foldersOf(one, index))]);
  return [...folders].flatMap((folder) => {
    const related = settings.filter((one) => one.here === folder || foldersOf(one, index).includes(folder));
    if (related.length > 0 && related.every(({ isSourceless }) => isSourceless)) return [];
    const source = related[0]?.because ?? { file: joinPath(folder, 'env.py'), line: 1 };
    const because = {
      ...source,
      rule: 'Alembic finds revisions by `.py` alone, unless it is told `sourceless = true`',
    };
    const isRecursive = related.some((one) => one.isRecursive);
    const places = related.flatMap((one) => one.versions.flatMap((text) => placesOf(text, one.here, index)));
    const versions = new Set([joinPath(folder, 'versions'), ...places]);
    return index.paths
      .filter((path) => !/(?:^|\/)__init__\.py$/.test(path))
      .filter((path) =>
        [...versions].some((one) => parentOf(path) === one || (isRecursive && path.startsWith(`${one}/`))),
      )
      .map((path): SourceNeed => ({ path, kind: 'alembic', because }));
  });
}

/** Revisions of tools that have no setting for it: yoyo and peewee-migrate list their folder for `*.py`. */
export async function findOtherRevisions(index: PythonIndex): Promise<readonly SourceNeed[]> {
  const needs: SourceNeed[] = [];
  for (const path of index.paths) {
    const text = await index.readText(path);
    const yoyo = /^(?:from\s+yoyo\s+import\s+.*\bsteps?\b|__depends__\s*=.*$[^]*\byoyo\b)/m.exec(text);
    const peewee = /(?:^|\/)\d{3}_[^./]+\.py$/.test(path) ? /^def\s+migrate\s*\(\s*migrator\b/m.exec(text) : null;
    const found = yoyo ?? peewee;
    if (found === null) continue;
    const tool = yoyo === null ? 'peewee-migrate' : 'yoyo';
    const line = text.slice(0, found.index).split('\n').length;
    needs.push({
      path,
      kind: 'migrations',
      because: { file: path, line, rule: `${tool} finds revisions by \`.py\` alone` },
    });
  }
  return needs;
}

async function readIniSettings(project: Project): Promise<readonly AlembicSettings[]> {
  const files = project.files.filter(({ path, type }) => type === 'file' && /\.(?:ini|cfg)$/.test(path));
  const settings: AlembicSettings[] = [];
  for (const { path, size } of files.slice(0, mostConfigurations * 10)) {
    if (size > 1024 * 1024 || settings.length >= mostConfigurations) continue;
    const text = (await readLoosely(project, path)) ?? '';
    if (/^\s*(?:\[alembic\]|script_location\s*[=:])/m.test(text)) settings.push(...parseAlembicIni(text, path));
  }
  return settings;
}

/** Sections with a `script_location`, and `[alembic]`, which Flask-Migrate gives the location itself. */
export function parseAlembicIni(text: string, file: string): readonly AlembicSettings[] {
  const sections = new Map<string, Map<string, { readonly value: string; readonly line: number }>>();
  let section = new Map<string, { readonly value: string; readonly line: number }>();
  let last: string | undefined;
  text.split(/\r?\n/).forEach((raw, index) => {
    const heading = /^\[([^\]]+)\]/.exec(raw)?.[1];
    const [, key, value] = /^([\w.]+)\s*[=:]\s*(.*)$/.exec(raw) ?? [];
    if (heading !== undefined) {
      section = sections.get(heading) ?? new Map();
      sections.set(heading, section);
      last = undefined;
    } else if (/^\s*[#;]/.test(raw)) return;
    else if (key !== undefined) {
      section.set(key, { value: (value ?? '').trim(), line: index + 1 });
      last = key;
    } else if (/^\s+\S/.test(raw) && last !== undefined) {
      const before = section.get(last);
      if (before !== undefined) section.set(last, { ...before, value: `${before.value}\n${raw.trim()}` });
    }
  });
  const defaults = sections.get('DEFAULT');
  return [...sections].flatMap(([name, entries]): readonly AlembicSettings[] => {
    const location = entries.get('script_location');
    if (location === undefined && name !== 'alembic') return [];
    const valueOf = (key: string): string => (entries.get(key) ?? defaults?.get(key))?.value ?? '';
    const line = location?.line ?? [...entries.values()][0]?.line ?? 1;
    return [
      {
        because: { file, line, rule: '`script_location`' },
        here: parentOf(file),
        ...(location === undefined ? {} : { location: location.value }),
        versions: valueOf('version_locations')
          .split(/[\s,;]+/)
          .filter((one) => one !== ''),
        isRecursive: valueOf('recursive_version_locations') === 'true',
        isSourceless: valueOf('sourceless') === 'true',
      },
    ];
  });
}

async function readTomlSettings(project: Project): Promise<readonly AlembicSettings[]> {
  const document = await project.readToml('pyproject.toml');
  const table = document === undefined ? undefined : valueAt(document, 'tool', 'alembic');
  if (document === undefined || !isTable(table)) return [];
  const { script_location: location, version_locations: versions } = table;
  const line = document.lineOf('tool', 'alembic', 'script_location');
  return [
    {
      because: { file: document.file, ...(line === undefined ? {} : { line }), rule: '`[tool.alembic]`' },
      here: '',
      ...(typeof location === 'string' ? { location } : {}),
      versions: Array.isArray(versions) ? versions.filter((one) => typeof one === 'string') : [],
      isRecursive: table['recursive_version_locations'] === true,
      isSourceless: table['sourceless'] === true,
    },
  ];
}

function foldersOf({ location, here }: AlembicSettings, index: PythonIndex): readonly string[] {
  return location === undefined ? [] : placesOf(location, here, index);
}

/** `migrations`, `%(here)s/migrations`, `pkg:migrations`: the folders of the project that this may be. */
function placesOf(text: string, here: string, index: PythonIndex): readonly string[] {
  const resource = /^([\w.]+):([\w./-]+)$/.exec(text);
  const wanted = (
    resource === null ? [text] : [`${resource[1]?.replaceAll('.', '/')}/${resource[2]?.replaceAll(':', '/')}`]
  )
    .flatMap((one) => {
      const inside = one.replace(/^%\(here\)s\/?/, '');
      return inside === one ? [one, joinPath(here, one), joinPath('src', one)] : [joinPath(here, inside)];
    })
    .map(normalise);
  return [...new Set(wanted)].filter((one) => one !== '' && index.hasFolder(one));
}

function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

async function readLoosely(project: Project, path: string): Promise<string | undefined> {
  try {
    return await project.readText(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^FILE_(?:NOT_UTF8|TOO_LARGE)$/.test(String(error.code)))
      return undefined;
    throw error;
  }
}
