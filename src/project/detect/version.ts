import { TareError } from '../../base/errors.ts';
import type { Fact } from '../../base/because.ts';
import type { ProjectWarning } from '../facts.ts';
import { describeGit } from '../git-describe.ts';
import type { Project } from '../project.ts';
import type { TomlDocument } from '../toml-document.ts';
import { isTable, tableAt, textAt, valueAt } from './toml-reader.ts';

export interface VersionFindings {
  readonly version: Fact<string>;
  readonly warnings: readonly ProjectWarning[];
}

/** Packages of the project relative to it: where a version that stands in the code may be. */
export type ModulePaths = readonly string[];

/** Reads a dynamic version without running anything. Throws `PROJECT_VERSION_DYNAMIC` where that is not possible. */
export async function findDynamicVersion(
  project: Project,
  document: TomlDocument,
  modules: ModulePaths,
): Promise<VersionFindings> {
  const fromFile = await readVersionOfFile(project, document, modules);
  if (fromFile !== undefined) return { version: fromFile, warnings: [] };
  if (usesSourceControl(document)) return await versionOfGit(project, document);
  const line = document.lineOf('project', 'dynamic');
  throw new TareError({
    code: 'PROJECT_VERSION_DYNAMIC',
    message: 'the version of the project is made by its build system, and tare runs no build system',
    where: line === undefined ? document.file : `${document.file}:${line}`,
    expected: 'a version in the file, or one that can be read from a file or a git tag',
    hint: 'set it: `[tool.tare] version = "1.0"` in pyproject.toml',
  });
}

interface Place {
  readonly file: string;
  /** Names that may hold the version; none for a file that is nothing but the version. */
  readonly attribute?: string;
  readonly pattern?: string;
}

async function readVersionOfFile(
  project: Project,
  document: TomlDocument,
  modules: ModulePaths,
): Promise<Fact<string> | undefined> {
  for (const place of placesOf(document, modules)) {
    const text = await project.readText(place.file);
    const found = text === undefined ? undefined : extractVersion(text, place);
    if (found !== undefined)
      return {
        value: found.version,
        because: { file: place.file, line: found.line, rule: 'the version that the code carries' },
      };
  }
  return undefined;
}

function placesOf(document: TomlDocument, modules: ModulePaths): readonly Place[] {
  return [...setuptoolsPlaces(document), ...pathPlaces(document), ...flitPlaces(document, modules)];
}

function setuptoolsPlaces(document: TomlDocument): readonly Place[] {
  const dynamic = tableAt(document, 'tool', 'setuptools', 'dynamic');
  const version = dynamic?.version;
  if (!isTable(version)) return [];
  const files = [version.file].flat().filter((file) => typeof file === 'string');
  const attribute = typeof version.attr === 'string' ? version.attr : undefined;
  if (attribute === undefined) return files.map((file) => ({ file }));
  const parts = attribute.split('.');
  const name = parts.pop() ?? '';
  const inner = parts.join('/');
  const roots = ['', ...packageDirectories(document), 'src/'];
  return roots.flatMap((root) =>
    [`${root}${inner}/__init__.py`, `${root}${inner}.py`].map((file) => ({
      file: file.replace(/^\//, ''),
      attribute: name,
    })),
  );
}

function packageDirectories(document: TomlDocument): readonly string[] {
  const folders = tableAt(document, 'tool', 'setuptools', 'package-dir');
  return Object.values(folders ?? {})
    .filter((value) => typeof value === 'string')
    .map((value) => `${value.replace(/\/$/, '')}/`);
}

function pathPlaces(document: TomlDocument): readonly Place[] {
  const hatch = tableAt(document, 'tool', 'hatch', 'version');
  const pdm = tableAt(document, 'tool', 'pdm', 'version');
  return [hatch, pdm].flatMap((table) => {
    if (typeof table?.path !== 'string') return [];
    return [
      {
        file: table.path,
        attribute: '__version__|VERSION',
        ...(typeof table.pattern === 'string' ? { pattern: table.pattern } : {}),
      },
    ];
  });
}

function flitPlaces(document: TomlDocument, modules: ModulePaths): readonly Place[] {
  const backend = textAt(document, 'build-system', 'build-backend') ?? '';
  return backend.startsWith('flit') ? modules.map((file) => ({ file, attribute: '__version__' })) : [];
}

function extractVersion(text: string, place: Place): { readonly version: string; readonly line: number } | undefined {
  if (place.attribute === undefined) return { version: text.trim().split(/\s/)[0] ?? '', line: 1 };
  const own = place.pattern === undefined ? undefined : compile(place.pattern);
  const assigned = new RegExp(
    `^(?:${place.attribute})\\s*(?::\\s*[\\w.]+\\s*)?=\\s*(['"])v?(?<version>[^'"]+)\\1`,
    'm',
  );
  const listed = new RegExp(`^(?:${place.attribute})\\s*=\\s*[([](?<version>\\s*\\d+(?:\\s*,\\s*\\d+)*)`, 'm');
  for (const pattern of [own, assigned, listed]) {
    const found = pattern?.exec(text);
    const version = found?.groups?.version?.replaceAll(/\s*,\s*/g, '.').trim();
    if (found !== undefined && found !== null && version !== undefined)
      return { version, line: text.slice(0, found.index).split('\n').length };
  }
  return undefined;
}

/** A pattern of Hatch is Python's: `(?P<version>…)`. What JavaScript does not know is left to the usual form. */
function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern.replaceAll('(?P<', '(?<').replace(/^\(\?[a-z]+\)/, ''), 'm');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function usesSourceControl(document: TomlDocument): boolean {
  const tables = [
    ['tool', 'setuptools_scm'],
    ['tool', 'setuptools-scm'],
    ['tool', 'uv-dynamic-versioning'],
    ['tool', 'poetry-dynamic-versioning'],
    ['tool', 'versioningit'],
    ['tool', 'vcs-versioning'],
  ];
  if (tables.some((path) => tableAt(document, ...path) !== undefined)) return true;
  if (/^(?:vcs|uv-dynamic-versioning|scm)$/.test(String(valueAt(document, 'tool', 'hatch', 'version', 'source'))))
    return true;
  if (valueAt(document, 'tool', 'pdm', 'version', 'source') === 'scm') return true;
  const requires = valueAt(document, 'build-system', 'requires');
  return (
    Array.isArray(requires) &&
    requires.some((one) =>
      /^(?:setuptools[-_]scm|hatch-vcs|uv-dynamic-versioning|poetry-dynamic-versioning|versioningit|versioneer)\b/.test(
        String(one),
      ),
    )
  );
}

async function versionOfGit(project: Project, document: TomlDocument): Promise<VersionFindings> {
  const described = await describeGit(project.root);
  if (described !== undefined)
    return { version: { value: described, because: { rule: 'the last git tag' } }, warnings: [] };
  const because = { file: document.file, rule: 'the version comes from git, and no tag was found' };
  return {
    version: { value: '0.0.0', because },
    warnings: [
      {
        code: 'PROJECT_VERSION_UNKNOWN',
        message: 'the version of the project comes from a git tag, and there is none: 0.0.0 is written',
        hint: 'fetch the tags (`git fetch --tags --unshallow`), or set `[tool.tare] version`',
        because,
      },
    ],
  };
}
