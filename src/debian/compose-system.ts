import { basename } from 'node:path';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import { renderLoaderCache } from '../elf/loader-cache.ts';
import type { FileFacts } from '../root/file-facts.ts';
import { layTree, type RootTree } from '../root/tree.ts';
import { type Alternative, linkEntry, settleAlternatives } from './alternatives.ts';
import { assertSame, type NamedPackage } from './compose.ts';
import { type DebControl, type DebEntry, readDebControl, readDebData } from './deb.ts';
import { openCommands, readMaintainerScripts } from './maintainer-scripts.ts';
import { safeMode } from './package-facts.ts';
import { loaderFolders, multiarchName } from './root-layout.ts';
import { isWantedOfSystem } from './selection.ts';
import { isSystemModel, renderSystemFiles } from './system-generated.ts';
import { findLibraries } from './system-libraries.ts';
import { createPlacement, type Owner, type Placement, tareOwner } from './system-placement.ts';
import { md5, namesIn, type PlacedPackage, renderRecords, wrongSum } from './system-records.ts';

export interface ComposeSystemOptions {
  /** Debian's name. */
  readonly architecture: string;
  /** Codename. */
  readonly suite: string;
  /** What is below. */
  readonly base: RootTree;
  /** How packages are recorded: `depends` in dpkg's own database, where the base has one. */
  readonly policy: 'needed' | 'depends';
  /** The text of `var/lib/dpkg/status` of a base with dpkg. */
  readonly baseStatus?: string;
  /** Texts of other small files of the base by path, as far as they are at hand (`isBaseText`). */
  readonly baseTexts?: Readonly<Record<string, string>>;
  /** Folders that the base's loader searches. @default Debian's own */
  readonly loaderFolders?: readonly string[];
  /** Called once, after the last entry. */
  readonly onFacts?: (facts: SystemFacts) => void;
}

/** What is known once packages are added. */
export interface SystemFacts {
  /** The newest date that a file carries, seconds since the epoch. */
  readonly newest: number;
  /** What is not as after an installation, for the user. */
  readonly warnings: readonly string[];
  /** All entries of the layer. */
  readonly files: readonly FileFacts[];
}

/** Which small files of a base `composeSystem` can make use of, besides `var/lib/dpkg/status`. */
export function isBaseText(path: string): boolean {
  return path === 'etc/odbcinst.ini' || /^var\/lib\/dpkg\/(?:alternatives|triggers)\/[^/]+$/.test(path);
}

interface Composition {
  readonly placement: Placement;
  readonly models: Map<string, Uint8Array>;
  readonly packages: PlacedPackage[];
  readonly alternatives: Alternative[];
  readonly warnings: string[];
  newest: number;
}

/**
 * The layer of packages that are added to a base: their files at the places that the base's links give them, what maintainer
 * scripts and triggers would have made, and the record of what was added (`docs/system-packages.md`). The same packages on the
 * same base give the same entries in the same order. One package is in memory at a time. Throws `DEB_MISMATCH`, `DEB_INVALID`,
 * `DEBIAN_FILE_CONFLICT`, `DEBIAN_ALREADY_INSTALLED` and what `readDebData` throws.
 */
export async function* composeSystem(
  debs: readonly { readonly file: string; readonly package: NamedPackage }[],
  options: ComposeSystemOptions,
): AsyncGenerator<LayerEntry, void, void> {
  const { base, architecture } = options;
  const placement = createPlacement(base);
  const state: Composition = { placement, models: new Map(), packages: [], alternatives: [], warnings: [], newest: 0 };
  for (const { file, expected, control } of await inOrder(debs)) yield* packageEntries(state, file, expected, control);

  const baseText = (path: string): string | undefined => options.baseTexts?.[path];
  const status = options.policy === 'depends' ? options.baseStatus : undefined;
  yield* alternativeEntries(state, base, baseText, status !== undefined);
  const folders = options.loaderFolders ?? loaderFolders(architecture);
  const tree = layTree([base.entries(), placement.facts()]);
  const generated = renderSystemFiles({
    tree,
    isAdded: (path) => placement.ownerOf(placement.locate(path, 'file')) !== undefined,
    packages: new Set(debs.map((deb) => deb.package.name)),
    models: state.models,
    baseText,
    folders,
    multiarch: multiarchName(architecture),
    mtime: state.newest,
  });
  yield* placeAll(state, generated.entries);
  yield* placeAll(state, renderRecords(state.packages, status, baseText));
  yield* placeAll(state, [loaderCache(tree, folders, state.newest)]);
  const warnings = [...state.warnings, ...generated.warnings];
  options.onFacts?.({ newest: state.newest, warnings, files: placement.facts() });
}

interface OpenedDeb {
  readonly file: string;
  readonly expected: NamedPackage;
  readonly control: DebControl;
}

/** By name, what replaces others first: a layer cannot hold a file twice. */
async function inOrder(
  debs: readonly { readonly file: string; readonly package: NamedPackage }[],
): Promise<readonly OpenedDeb[]> {
  const opened: OpenedDeb[] = [];
  for (const { file, package: expected } of debs) opened.push({ file, expected, control: await readDebControl(file) });
  const names = new Set(debs.map((deb) => deb.package.name));
  const replaces = ({ control }: OpenedDeb): boolean =>
    [...namesIn(control.fields.get('replaces'))].some((name) => names.has(name));
  return sortedBy(opened, (one) => `${replaces(one) ? '0' : '1'} ${one.expected.name}`);
}

async function* packageEntries(
  state: Composition,
  file: string,
  expected: NamedPackage,
  control: DebControl,
): AsyncGenerator<LayerEntry> {
  assertSame(control, expected, file);
  const { placement } = state;
  const owner: Owner = { name: expected.name, replaces: namesIn(control.fields.get('replaces')) };
  const paths: string[] = [];
  const kept = new Set<string>();
  const contents = new Map<string, Uint8Array>();
  const sums = new Map<string, string>();
  let newest = 0;
  for await (const entry of readDebData(file)) {
    const path = placement.locate(entry.path, entry.type);
    newest = Math.max(newest, entry.mtime);
    if (entry.type === 'file') {
      contents.set(path, entry.bytes);
      sums.set(entry.path, md5(entry.bytes));
      if (isSystemModel(path)) state.models.set(path, entry.bytes);
    }
    if (!isWantedOfSystem(path, entry.type)) continue;
    paths.push(entry.path);
    kept.add(path);
    yield* placement.place(entryOf(entry, path, placement, kept, contents), owner);
  }
  const wrong = wrongSum(control, sums);
  if (wrong !== undefined) throw damaged(file, wrong);
  state.newest = Math.max(state.newest, newest);
  state.packages.push({ control, paths, sums, newest });
  noteScripts(state, control);
}

/** The entry as it goes into the layer. A hard link to a file that is left out becomes that file. */
function entryOf(
  entry: DebEntry,
  path: string,
  placement: Placement,
  kept: ReadonlySet<string>,
  contents: ReadonlyMap<string, Uint8Array>,
): LayerEntry {
  const { type, uid, gid, mtime, linkTarget = '' } = entry;
  const common = { path, mode: safeMode(type, entry.mode), uid, gid, mtime };
  switch (type) {
    case 'directory':
      return { ...common, type };
    case 'file':
      return { ...common, type, content: { kind: 'bytes', bytes: entry.bytes } };
    case 'symlink':
      return { ...common, type, mode: 0o777, linkTarget };
    case 'hardlink': {
      const target = placement.locate(linkTarget, 'file');
      if (kept.has(target)) return { ...common, type, linkTarget: target };
      const bytes = contents.get(target);
      if (bytes === undefined) throw strayLink(entry);
      return { ...common, type: 'file', content: { kind: 'bytes', bytes } };
    }
  }
}

function noteScripts(state: Composition, control: DebControl): void {
  const facts = readMaintainerScripts(control);
  const name = control.fields.get('package') ?? '';
  state.alternatives.push(...facts.alternatives);
  for (const path of facts.diversions) {
    state.warnings.push(`${name} would put \`${path}\` of another package aside, which is not done`);
  }
  const open = openCommands(facts);
  const [first] = open;
  if (first === undefined) return;
  const more = open.length > 1 ? ` (and ${open.length - 1} more)` : '';
  state.warnings.push(
    `${name} is not installed as by apt, its ${first.script} was not run: \`${first.command}\`${more}`,
  );
}

/** Links of alternatives; dpkg's own notes of them only where it has its database. */
function* alternativeEntries(
  state: Composition,
  base: RootTree,
  baseText: (path: string) => string | undefined,
  hasDatabase: boolean,
): Generator<LayerEntry> {
  const { placement, newest } = state;
  const isThere = (path: string): boolean => {
    const place = placement.locate(path.slice(1), 'file');
    return placement.ownerOf(place) !== undefined || base.resolve(place) !== undefined;
  };
  const existing = (name: string): string | undefined => baseText(`var/lib/dpkg/alternatives/${name}`);
  // What the base chose among choices that are not known is not for tare to undo.
  const added = state.alternatives.filter(
    ({ name }) => existing(name) !== undefined || base.resolve(`etc/alternatives/${name}`) === undefined,
  );
  const { links, notes } = settleAlternatives(added, existing, isThere);
  for (const { path, target } of links) {
    const there = base.find(placement.locate(path, 'symlink'));
    if (there === undefined || there.type === 'symlink') yield* placeAll(state, [linkEntry(path, target, newest)]);
  }
  if (!hasDatabase) return;
  yield* placeAll(
    state,
    notes.map(({ path, text }) => ({
      path,
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: newest,
      content: { kind: 'bytes', bytes: Buffer.from(text) },
    })),
  );
}

function* placeAll({ placement }: Composition, entries: readonly LayerEntry[]): Generator<LayerEntry> {
  for (const entry of entries) {
    yield* placement.place({ ...entry, path: placement.locate(entry.path, entry.type) }, tareOwner);
  }
}

function loaderCache(tree: RootTree, folders: readonly string[], mtime: number): LayerEntry {
  const bytes = renderLoaderCache(findLibraries(tree, folders));
  return {
    path: 'etc/ld.so.cache',
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime,
    content: { kind: 'bytes', bytes },
  };
}

function damaged(file: string, path: string): TareError {
  return new TareError({
    code: 'DEB_INVALID',
    message: `the Debian package has a file that is not as its \`md5sums\` says: \`${path}\``,
    where: basename(file),
    hint: 'the package is damaged or hostile: take another version of it',
  });
}

function strayLink({ path, linkTarget = '' }: DebEntry): TareError {
  return new TareError({
    code: 'DEB_INVALID',
    message: `the Debian package has a hard link to a file that is not before it: \`${path}\` to \`${linkTarget}\``,
    hint: 'the package is damaged or hostile: take another version of it',
  });
}
