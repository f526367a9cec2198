import { parsePackageName } from '../../python/package-name.ts';
import { parseVersion, renderVersion } from '../../python/version.ts';
import type { DistributionFact, ProjectWarning } from '../facts.ts';
import type { Project } from '../project.ts';
import type { TomlDocument } from '../toml-document.ts';
import { findLayout, type Layout } from './layout.ts';
import type { PyprojectFacts } from './pyproject.ts';
import { because, tableAt, textAt, valueAt } from './toml-reader.ts';
import { findDynamicVersion } from './version.ts';

export interface DistributionFindings {
  readonly distribution?: DistributionFact;
  readonly warnings: readonly ProjectWarning[];
}

/** Whether the project is installed as a distribution: it has a build system whose layout can be followed without running it. */
export async function findDistribution(
  project: Project,
  document: TomlDocument | undefined,
  pyproject: PyprojectFacts | undefined,
  given: { readonly name?: string; readonly version?: string },
): Promise<DistributionFindings> {
  if (document === undefined || pyproject === undefined || !isPackage(document)) return { warnings: [] };
  const name = pyproject.name?.value ?? given.name;
  if (name === undefined) return { warnings: [] };
  const backend = textAt(document, 'build-system', 'build-backend') ?? 'setuptools.build_meta';
  const compiler = compilerOf(project, document, backend);
  if (compiler !== undefined) return { warnings: [needsCompiler(document, compiler)] };
  parsePackageName(name, document.file);
  const layout = findLayout(project, document, name, backend);
  if (layout === undefined) return { warnings: [] };
  if ('problem' in layout) return { warnings: [layoutProblem(document, layout.problem)] };
  const found = await versionOf(project, document, pyproject, given, layout);
  // A version is part of a path in the image: only a real one may be.
  const version = renderVersion(parseVersion(found.version, document.file));
  const rule = `\`[build-system]\` with ${backend.split('.')[0] ?? backend}: installed as the distribution it is`;
  const distribution = {
    name,
    version,
    ...layout,
    packageRoot: layout.packageRoot === '' ? '.' : layout.packageRoot,
    because: because(document, ['build-system'], rule),
  };
  return { distribution, warnings: found.warnings };
}

/** Whether a source is among the modules of the distribution. */
export function installedSources(distribution: DistributionFact | undefined): ((path: string) => boolean) | undefined {
  if (distribution === undefined) return undefined;
  const root = distribution.packageRoot === '.' ? '' : `${distribution.packageRoot}/`;
  const folders = distribution.packages.map((name) => `${root}${name}/`);
  const files = new Set(distribution.modules.map((name) => `${root}${name}.py`));
  return (path) => files.has(path) || folders.some((folder) => path.startsWith(folder));
}

function isPackage(document: TomlDocument): boolean {
  const byUv = valueAt(document, 'tool', 'uv', 'package');
  if (byUv === false || valueAt(document, 'tool', 'poetry', 'package-mode') === false) return false;
  return tableAt(document, 'build-system') !== undefined || byUv === true;
}

function compilerOf(project: Project, document: TomlDocument, backend: string): string | undefined {
  const compiling = /^(?:maturin|scikit_build_core|mesonpy|skbuild|sipbuild|setuptools_rust|pyo3)/.exec(backend)?.[0];
  if (compiling !== undefined) return compiling;
  if (valueAt(document, 'tool', 'setuptools', 'ext-modules') !== undefined) return 'setuptools with extension modules';
  const requires = valueAt(document, 'build-system', 'requires');
  const needs = Array.isArray(requires)
    ? requires.map(String).find((one) => /^(?:cython|setuptools-rust|pybind11|cffi|mypyc|nanobind)\b/i.test(one))
    : undefined;
  const hasSources = project.files.some(({ path }) => /\.(?:pyx|c|cpp|cc|rs)$/.test(path));
  return needs !== undefined && hasSources ? needs : undefined;
}

function needsCompiler(document: TomlDocument, compiler: string): ProjectWarning {
  return {
    code: 'PROJECT_NEEDS_COMPILER',
    message: `the project is built by ${compiler}, which compiles: tare installs it as a folder of sources, without what is compiled`,
    hint: 'build its wheel (`uv build --wheel`) and name the wheel as a dependency',
    because: because(document, ['build-system'], '`[build-system]`'),
  };
}

function layoutProblem(document: TomlDocument, problem: string): ProjectWarning {
  return {
    code: 'PROJECT_LAYOUT_UNKNOWN',
    message: `the project has a build system, but ${problem}: it is used as a folder of sources`,
    hint: 'name its packages for the build system, or set `[tool.uv] package = false`',
    because: because(document, ['build-system'], '`[build-system]`'),
  };
}

async function versionOf(
  project: Project,
  document: TomlDocument,
  pyproject: PyprojectFacts,
  given: { readonly version?: string },
  layout: Layout,
): Promise<{ readonly version: string; readonly warnings: readonly ProjectWarning[] }> {
  const fixed = given.version ?? (isPlaceholder(document, pyproject) ? undefined : pyproject.version?.value);
  if (fixed !== undefined) return { version: fixed, warnings: [] };
  const base = layout.packageRoot === '' ? '' : `${layout.packageRoot}/`;
  const modules = [
    ...layout.packages.map((name) => `${base}${name}/__init__.py`),
    ...layout.modules.map((name) => `${base}${name}.py`),
  ];
  const found = await findDynamicVersion(project, document, modules);
  return { version: found.version.value, warnings: found.warnings };
}

/** poetry-dynamic-versioning wants `version = "0.0.0"` in the file and replaces it. */
function isPlaceholder(document: TomlDocument, pyproject: PyprojectFacts): boolean {
  return (
    /^0\.0\.0$/.test(pyproject.version?.value ?? '') &&
    valueAt(document, 'tool', 'poetry-dynamic-versioning', 'enable') === true
  );
}
