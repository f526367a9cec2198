import { readManifest } from './detect/dynamic-dependencies.ts';
import { convertPoetryVersion } from './detect/poetry.ts';
import { isTable, tableAt, textAt, textsAt, valueAt } from './detect/toml-reader.ts';
import type { DistributionFact } from './facts.ts';
import type { Project } from './project.ts';
import type { TomlDocument } from './toml-document.ts';

/** A file of a `.dist-info` folder. */
export interface DistInfoFile {
  /** `hello-1.0.dist-info/METADATA`. */
  readonly path: string;
  readonly text: string;
}

/** METADATA, WHEEL, entry_points.txt and top_level.txt of the project itself (core metadata 2.1, wheel specification 1.0). */
export async function renderDistInfo(
  project: Project,
  distribution: DistributionFact,
): Promise<readonly DistInfoFile[]> {
  const document = await project.readToml('pyproject.toml');
  if (document === undefined) throw new Error('a distribution without `pyproject.toml`');
  const folder = `${escapeName(distribution.name)}-${escapeVersion(distribution.version)}.dist-info`;
  const entryPoints = renderEntryPoints(document);
  const topLevel = [...distribution.packages, ...distribution.modules].map((name) => name.split('/')[0] ?? name);
  return [
    { path: `${folder}/METADATA`, text: await renderMetadata(project, document, distribution) },
    {
      path: `${folder}/WHEEL`,
      text: 'Wheel-Version: 1.0\nGenerator: tare\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    },
    ...(entryPoints === '' ? [] : [{ path: `${folder}/entry_points.txt`, text: entryPoints }]),
    {
      path: `${folder}/top_level.txt`,
      text: [...new Set(topLevel)]
        .sort()
        .map((name) => `${name}\n`)
        .join(''),
    },
  ];
}

/** Binary distribution format, "Escaping and Unicode": runs of `-`, `_`, `.` become one `_`. */
function escapeName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '_');
}

function escapeVersion(version: string): string {
  return version.replaceAll('-', '_');
}

async function renderMetadata(
  project: Project,
  document: TomlDocument,
  distribution: DistributionFact,
): Promise<string> {
  const field = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${name}: ${oneLine(value)}`];
  const bare = await readManifest(project, document, { extras: [], groups: [] });
  const base = new Set(bare.dependencies.map(({ value }) => value));
  const extras = await Promise.all(bare.extras.map((extra) => extraOf(project, document, extra, base)));
  const poetryPython = bare.poetryPython === undefined ? undefined : convertPoetryVersion(bare.poetryPython.value);
  const readme = await readReadme(project, document);
  const headers = [
    'Metadata-Version: 2.1',
    `Name: ${distribution.name}`,
    `Version: ${distribution.version}`,
    ...field('Summary', bare.description?.value),
    ...peopleOf(document, 'authors', 'Author'),
    ...peopleOf(document, 'maintainers', 'Maintainer'),
    ...field('License', licenseOf(document)),
    ...field(
      'Keywords',
      textsAt(document, 'project', 'keywords')
        .map(({ value }) => value)
        .join(',') || undefined,
    ),
    ...textsAt(document, 'project', 'classifiers').map(({ value }) => `Classifier: ${oneLine(value)}`),
    ...urlsOf(document),
    ...field('Requires-Python', bare.requiresPython?.value ?? poetryPython),
    ...bare.dependencies.map(({ value }) => `Requires-Dist: ${requirementText(value)}`),
    ...extras.flat(),
    ...field('Description-Content-Type', readme?.contentType),
  ];
  return `${headers.join('\n')}\n${readme === undefined ? '' : `\n${readme.text}`}`;
}

/** A header's value ends with its line. */
function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

/** Without the user of a web address (PEP 610 asks the same of `direct_url.json`); an image shows its METADATA to everybody. */
function requirementText(text: string): string {
  return oneLine(text).replace(/(@\s*(?:\w+\+)?https?:\/\/)[^\s/?#@]+@/i, '$1');
}

async function extraOf(
  project: Project,
  document: TomlDocument,
  extra: string,
  base: ReadonlySet<string>,
): Promise<string[]> {
  const { dependencies } = await readManifest(project, document, { extras: [extra], groups: [] });
  const added = dependencies.filter(({ value }) => !base.has(value));
  return [
    `Provides-Extra: ${extra}`,
    ...added.map(({ value }) => `Requires-Dist: ${withExtra(requirementText(value), extra)}`),
  ];
}

function withExtra(requirement: string, extra: string): string {
  const at = requirement.indexOf(';');
  const condition = `extra == "${extra}"`;
  if (at === -1) return `${requirement}; ${condition}`;
  return `${requirement.slice(0, at).trim()}; (${requirement.slice(at + 1).trim()}) and ${condition}`;
}

function peopleOf(document: TomlDocument, key: string, header: string): string[] {
  const people = valueAt(document, 'project', key) ?? valueAt(document, 'tool', 'poetry', key);
  if (!Array.isArray(people)) return [];
  const named = people
    .map(personOf)
    .filter((one) => isTable(one))
    .map(({ name, email }) => ({
      name: typeof name === 'string' ? oneLine(name) : undefined,
      email: typeof email === 'string' ? oneLine(email) : undefined,
    }));
  const names = named.flatMap(({ name, email }) => (name !== undefined && email === undefined ? [name] : []));
  const emails = named.flatMap(({ name, email }) =>
    email === undefined ? [] : [name === undefined ? email : `${name} <${email}>`],
  );
  return [
    ...(names.length === 0 ? [] : [`${header}: ${names.join(', ')}`]),
    ...(emails.length === 0 ? [] : [`${header}-email: ${emails.join(', ')}`]),
  ];
}

/** Poetry writes people as `Name <address>`. */
function personOf(person: unknown): unknown {
  if (typeof person !== 'string') return person;
  const found = /^(.*?)\s*<([^<>]+)>\s*$/.exec(person);
  return found === null ? { name: person } : { name: found[1], email: found[2] };
}

function licenseOf(document: TomlDocument): string | undefined {
  const license = valueAt(document, 'project', 'license') ?? valueAt(document, 'tool', 'poetry', 'license');
  if (typeof license === 'string') return license;
  return isTable(license) && typeof license['text'] === 'string' ? license['text'] : undefined;
}

function urlsOf(document: TomlDocument): string[] {
  const urls = tableAt(document, 'project', 'urls') ?? {};
  return Object.entries(urls).flatMap(([label, url]) =>
    typeof url === 'string' ? [`Project-URL: ${oneLine(label)}, ${oneLine(url)}`] : [],
  );
}

async function readReadme(
  project: Project,
  document: TomlDocument,
): Promise<{ text: string; contentType: string } | undefined> {
  const readme = valueAt(document, 'project', 'readme') ?? valueAt(document, 'tool', 'poetry', 'readme');
  const file =
    typeof readme === 'string'
      ? readme
      : isTable(readme) && typeof readme['file'] === 'string'
        ? readme['file']
        : undefined;
  const text = file === undefined ? undefined : await project.readText(file);
  if (file === undefined || text === undefined) return undefined;
  const contentType = /\.rst$/i.test(file) ? 'text/x-rst' : /\.txt$/i.test(file) ? 'text/plain' : 'text/markdown';
  return { text, contentType };
}

/** Entry points specification, "File format". */
function renderEntryPoints(document: TomlDocument): string {
  const groups = new Map<string, Readonly<Record<string, unknown>>>();
  const scripts = tableAt(document, 'project', 'scripts') ?? tableAt(document, 'tool', 'poetry', 'scripts');
  const guiScripts = tableAt(document, 'project', 'gui-scripts');
  if (scripts !== undefined) groups.set('console_scripts', scripts);
  if (guiScripts !== undefined) groups.set('gui_scripts', guiScripts);
  const others = tableAt(document, 'project', 'entry-points') ?? tableAt(document, 'tool', 'poetry', 'plugins') ?? {};
  for (const [group, table] of Object.entries(others)) if (isTable(table)) groups.set(group, table);
  const sections = [...groups].map(([group, table]) => {
    const lines = Object.entries(table).flatMap(([name, target]) => {
      const text =
        typeof target === 'string'
          ? target
          : isTable(target)
            ? textAt(document, 'tool', 'poetry', 'scripts', name, 'reference')
            : undefined;
      return text === undefined ? [] : [`${oneLine(name)} = ${oneLine(text)}`];
    });
    return `[${group}]\n${lines.map((line) => `${line}\n`).join('')}`;
  });
  return sections.join('\n');
}
