/** A row of ARCHITECTURE.md's table "Folders and what they may import". */
export interface FolderRule {
  readonly folder: string;
  readonly layer: number;
  /** Folders of `src/` that it may import; its own is not listed. */
  readonly imports: ReadonlySet<string>;
  /** Folders of which it may import types only. */
  readonly types: ReadonlySet<string>;
  readonly line: number;
}

interface Row {
  readonly layer: number;
  readonly folders: readonly string[];
  readonly allowed: string;
  readonly line: number;
}

const rowPattern = /^\|\s*(\d+)\s*\|\s*(`[^|]*`)\s*\|[^|]*\|\s*([^|]*?)\s*\|\s*$/;

/**
 * Reads the table `| layer | folder | holds | may import |`. The last column is a list separated by commas: a layer
 * (`0`), a range (`0-3`), a folder (`archive`), `node:`, `the public entry points` (every lower layer), `nothing`.
 * What follows `types of` may be imported as types only.
 */
export function parseLayerTable(markdown: string): ReadonlyMap<string, FolderRule> {
  const rows = readRows(markdown);
  const rules = new Map<string, FolderRule>();
  for (const row of rows) {
    const { imports, types } = readAllowed(row, rows);
    for (const folder of row.folders) {
      if (rules.has(folder)) throw new Error(`line ${row.line}: \`${folder}/\` has two rows`);
      rules.set(folder, { folder, layer: row.layer, imports, types, line: row.line });
    }
  }
  return rules;
}

function readRows(markdown: string): readonly Row[] {
  const rows: Row[] = [];
  for (const [index, text] of markdown.split('\n').entries()) {
    const [, layer, folders, allowed] = rowPattern.exec(text) ?? [];
    if (layer === undefined || folders === undefined || allowed === undefined) continue;
    const names = [...folders.matchAll(/`([a-z-]+)\/`/g)].map((match) => match[1] ?? '');
    rows.push({ layer: Number(layer), folders: names, allowed, line: index + 1 });
  }
  return rows;
}

function readAllowed(row: Row, rows: readonly Row[]) {
  const imports = new Set<string>();
  const types = new Set<string>();
  let into = imports;
  for (const part of row.allowed.split(',')) {
    let word = part.trim().replaceAll('`', '').replace(/\/$/, '');
    if (word.startsWith('types of ')) {
      into = types;
      word = word.slice('types of '.length);
    }
    for (const folder of foldersOf(word, row, rows)) into.add(folder);
  }
  return { imports, types };
}

function foldersOf(word: string, row: Row, rows: readonly Row[]): readonly string[] {
  const inLayers = (from: number, to: number) =>
    rows.filter((one) => one.layer >= from && one.layer <= to).flatMap((one) => one.folders);
  if (word === 'node:' || word === 'nothing') return [];
  if (word === 'the public entry points') return inLayers(0, row.layer - 1);
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(word) ?? [];
  if (from !== undefined) return inLayers(Number(from), Number(to ?? from));
  if (rows.some((one) => one.folders.includes(word))) return [word];
  throw new Error(`line ${row.line}: \`${word}\` is neither a layer nor a folder of the table`);
}
