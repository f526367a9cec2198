import type { LayerEntry } from '../archive/layer-entry.ts';
import { createLoader } from '../root/loader.ts';
import type { RootTree } from '../root/tree.ts';
import { linkEntry } from './alternatives.ts';
import { renderCertificates } from './generated-files.ts';
import { renderMimeDatabase } from './mime-database.ts';
import { graphvizPlugins, pixbufLoaders } from './plugin-lists.data.ts';

/** What is known when all packages are placed. */
export interface GeneratedInput {
  /** The base and the packages. */
  readonly tree: RootTree;
  /** Whether an added package brings a path. */
  readonly isAdded: (path: string) => boolean;
  /** Names of the added packages. */
  readonly packages: ReadonlySet<string>;
  /** Bytes of files that others are made from, by path (`isSystemModel`). */
  readonly models: ReadonlyMap<string, Uint8Array>;
  /** The text of a small file of the base. */
  readonly baseText: (path: string) => string | undefined;
  /** Folders that the loader searches. */
  readonly folders: readonly string[];
  /** Debian's name of the library folders. */
  readonly multiarch: string;
  readonly mtime: number;
}

export interface GeneratedFiles {
  readonly entries: readonly LayerEntry[];
  /** For the user. */
  readonly warnings: readonly string[];
}

const certificate = /^usr\/share\/ca-certificates\/.*\.crt$/;
const odbcTemplate = /^usr\/share\/.*odbcinst\.ini(?:\.template)?$/;
const mimeDocument = /^usr\/share\/mime\/packages\/[^/]+\.xml$/;
const fontMap = /^etc\/ghostscript\/(cidfmap|fontmap)\.d\/[^/]+\.conf$/;
const freetdsModel = 'usr/share/freetds/freetds.conf';

/** Which files of added packages to keep at hand: others are made from them. */
export function isSystemModel(path: string): boolean {
  return (
    path === freetdsModel || [certificate, odbcTemplate, mimeDocument, fontMap].some((pattern) => pattern.test(path))
  );
}

/** What maintainer scripts and triggers of added packages would have made, see `docs/system-packages.md`. */
export function renderSystemFiles(input: GeneratedInput): GeneratedFiles {
  const parts = [
    imageLoaders(input),
    graphviz(input),
    mimeTypes(input),
    odbcDrivers(input),
    schemas(input),
    { entries: [...certificates(input), ...fonts(input), ...configurations(input)], warnings: [] },
  ];
  return { entries: parts.flatMap((one) => one.entries), warnings: parts.flatMap((one) => one.warnings) };
}

function file({ mtime }: GeneratedInput, path: string, content: string | Uint8Array): LayerEntry {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime, content: { kind: 'bytes', bytes } };
}

const nothing: GeneratedFiles = { entries: [], warnings: [] };

/** Plug-ins in a folder that an added package brings one into: those whose libraries are there, and the others' names. */
function pluginsIn(input: GeneratedInput, folder: string, pattern: RegExp): readonly string[] {
  const names = input.tree.children(folder).filter((name) => pattern.test(name));
  if (!names.some((name) => input.isAdded(`${folder}/${name}`))) return [];
  return names.filter((name) => {
    const path = `${folder}/${name}`;
    const machine = input.tree.resolve(path)?.facts.elf?.machine;
    if (machine === undefined) return false;
    return (
      createLoader(input.tree, { machine, libraryPath: [], folders: input.folders }).load(path).missing.length === 0
    );
  });
}

function unknownPlugins(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what} that tare does not know cannot be used: ${names.join(', ')}`];
}

/** gdk-pixbuf finds its loaders by this list alone (gdk-pixbuf-query-loaders(1)). */
function imageLoaders(input: GeneratedInput): GeneratedFiles {
  const folder = `usr/lib/${input.multiarch}/gdk-pixbuf-2.0/2.10.0`;
  const names = pluginsIn(input, `${folder}/loaders`, /\.so$/);
  if (names.length === 0) return nothing;
  const known = names.flatMap((name) => {
    const lines = pixbufLoaders.get(name);
    return lines === undefined ? [] : [`"/${folder}/loaders/${name}"\n${lines}\n\n`];
  });
  return {
    entries: [file(input, `${folder}/loaders.cache`, `# GdkPixbuf Image Loader Modules file\n${known.join('')}`)],
    warnings: unknownPlugins(
      'image loaders of gdk-pixbuf',
      names.filter((name) => !pixbufLoaders.has(name)),
    ),
  };
}

/** Without it `dot` knows no layout and no output. */
function graphviz(input: GeneratedInput): GeneratedFiles {
  const folder = `usr/lib/${input.multiarch}/graphviz`;
  const names = pluginsIn(input, folder, /^libgvplugin_\w+\.so\.\d+$/);
  if (names.length === 0) return nothing;
  const known = names.map((name) => graphvizPlugins.get(name)).filter((text) => text !== undefined);
  return {
    entries: [file(input, `${folder}/config6a`, known.map((text) => `${text}\n`).join(''))],
    warnings: unknownPlugins(
      'plug-ins of Graphviz',
      names.filter((name) => !graphvizPlugins.has(name)),
    ),
  };
}

function mimeTypes(input: GeneratedInput): GeneratedFiles {
  const folder = 'usr/share/mime';
  const paths = [...input.models.keys()].filter((path) => mimeDocument.test(path));
  if (paths.length === 0) return nothing;
  if (['mime.cache', 'globs2'].some((name) => input.tree.find(`${folder}/${name}`) !== undefined)) {
    const names = paths.map((path) => path.slice(path.lastIndexOf('/') + 1));
    return {
      entries: [],
      warnings: [`file types that are added to those of the base are not known: ${names.join(', ')}`],
    };
  }
  // Those of packages come after the general ones, as update-mime-database reads them.
  const ordered = [...paths].sort(
    (left, right) => Number(isGeneral(right)) - Number(isGeneral(left)) || (left < right ? -1 : 1),
  );
  const database = renderMimeDatabase(ordered.map((path) => textOf(input, path)));
  return { entries: [...database].map(([name, bytes]) => file(input, `${folder}/${name}`, bytes)), warnings: [] };
}

const isGeneral = (path: string): boolean => path.endsWith('/freedesktop.org.xml');

function textOf({ models }: GeneratedInput, path: string): string {
  return Buffer.from(models.get(path) ?? []).toString('utf8');
}

/** As `odbcinst -i -d` adds drivers: their sections with a count of users. */
function odbcDrivers(input: GeneratedInput): GeneratedFiles {
  const path = 'etc/odbcinst.ini';
  const templates = [...input.models.keys()].filter((one) => odbcTemplate.test(one)).sort();
  if (templates.length === 0) {
    const isWanted = input.packages.has('unixodbc-common') && input.tree.find(path) === undefined;
    return isWanted ? { entries: [file(input, path, '')], warnings: [] } : nothing;
  }
  const there = input.tree.find(path);
  const before = there === undefined || there.size === 0 ? '' : input.baseText(path);
  const added = templates.flatMap((one) => sectionsOf(textOf(input, one)));
  if (before === undefined) {
    const names = added.map((section) => section.slice(0, section.indexOf('\n')));
    return { entries: [], warnings: [`ODBC drivers are not entered into the base's \`/${path}\`: ${names.join(' ')}`] };
  }
  const all = [...sectionsOf(before), ...added];
  const unique = new Map(all.map((section) => [section.slice(0, section.indexOf('\n')), section]));
  return { entries: [file(input, path, [...unique.values()].map((text) => `${text}\n\n`).join(''))], warnings: [] };
}

function sectionsOf(text: string): readonly string[] {
  const sections = text.split(/^(?=\[)/m).map((one) => one.trim());
  return sections
    .filter((one) => /^\[[^\]\n]+\]/.test(one))
    .map((one) => (/^UsageCount\b/m.test(one) ? one : `${one}\nUsageCount=1`));
}

function schemas(input: GeneratedInput): GeneratedFiles {
  const folder = 'usr/share/glib-2.0/schemas';
  const names = input.tree
    .children(folder)
    .filter((name) => name.endsWith('.xml') && input.isAdded(`${folder}/${name}`));
  if (names.length === 0) return nothing;
  const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
  return {
    entries: [],
    warnings: [`settings of GSettings are not compiled, programs that ask for them end: ${shown}`],
  };
}

function certificates(input: GeneratedInput): readonly LayerEntry[] {
  const found = [...input.models].filter(([path]) => certificate.test(path));
  if (found.length === 0) return [];
  const names = found.map(([path]) => path.slice('usr/share/ca-certificates/'.length)).sort();
  const bundle = 'etc/ssl/certs/ca-certificates.crt';
  return [
    file(input, bundle, renderCertificates(new Map(found))),
    file(input, 'etc/ca-certificates.conf', names.map((name) => `${name}\n`).join('')),
    ...unlessThere(input, linkEntry('usr/lib/ssl/certs', '/etc/ssl/certs', input.mtime)),
    ...unlessThere(input, linkEntry('usr/lib/ssl/cert.pem', `/${bundle}`, input.mtime)),
  ];
}

function fonts(input: GeneratedInput): readonly LayerEntry[] {
  const entries: LayerEntry[] = [];
  if (input.packages.has('fontconfig-config')) {
    const available = 'usr/share/fontconfig/conf.avail';
    const bitmaps = ['70-no-bitmaps-except-emoji.conf', '70-no-bitmaps.conf'].find(
      (name) => input.tree.find(`${available}/${name}`) !== undefined,
    );
    for (const name of ['10-hinting-slight.conf', ...(bitmaps === undefined ? [] : [bitmaps])]) {
      entries.push(...unlessThere(input, linkEntry(`etc/fonts/conf.d/${name}`, `/${available}/${name}`, input.mtime)));
    }
  }
  if (input.packages.has('ghostscript')) {
    for (const [name, part] of [
      ['cidfmap', 'cidfmap'],
      ['Fontmap', 'fontmap'],
    ]) {
      const paths = [...input.models.keys()].filter((path) => fontMap.exec(path)?.[1] === part).sort();
      const text = paths.map((path) => textOf(input, path)).join('');
      entries.push(file(input, `var/lib/ghostscript/fonts/${name ?? ''}`, text));
    }
  }
  return entries;
}

/** Files in /etc that begin as a copy of a model, or with one answer. */
function configurations(input: GeneratedInput): readonly LayerEntry[] {
  const freetds = input.models.get(freetdsModel);
  return [
    ...(freetds === undefined ? [] : unlessThere(input, file(input, 'etc/freetds/freetds.conf', freetds))),
    ...(input.packages.has('libpaper1') ? unlessThere(input, file(input, 'etc/papersize', 'a4\n')) : []),
  ];
}

function unlessThere({ tree }: GeneratedInput, entry: LayerEntry): readonly LayerEntry[] {
  return tree.find(entry.path) === undefined ? [entry] : [];
}
