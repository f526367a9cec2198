import { type Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import ignore from 'ignore';
import type { Because } from '../base/because.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { sortedBy } from '../base/order.ts';
import { environmentMarker, isNeverEntered, type Listing } from './listing.ts';

/** Bound on what one application folder may hold. */
const mostEntries = 1_000_000;

interface Walk {
  readonly root: string;
  /** The folder that the rules are relative to: the root, or above it the work tree's top. */
  readonly prefix: string;
  readonly rules: ignore.Ignore;
  readonly paths: string[];
  readonly ignored: { readonly path: string; readonly because: Because }[];
  count: number;
}

/** Lists a folder by the rules of gitignore(5) without a git program; what git tracks although it is ignored is not known here. */
export async function readHandListing(root: string): Promise<Listing> {
  const top = await findWorkTreeTop(root);
  const prefix = top === undefined ? '' : relative(top, root).split(sep).join('/');
  const rules = ignore({ ignorecase: false });
  const walk: Walk = { root, prefix: prefix === '' ? '' : `${prefix}/`, rules, paths: [], ignored: [], count: 0 };
  if (top !== undefined) await addOuterRules(rules, top, prefix);
  if (prefix !== '' && rules.ignores(`${prefix}/`)) return await readHandListingAlone(root);
  await walkFolder(walk, '');
  return { paths: walk.paths, ignored: walk.ignored, warnings: [] };
}

async function readHandListingAlone(root: string): Promise<Listing> {
  const walk: Walk = { root, prefix: '', rules: ignore({ ignorecase: false }), paths: [], ignored: [], count: 0 };
  await walkFolder(walk, '');
  return { paths: walk.paths, ignored: walk.ignored, warnings: [] };
}

/** Every file below a folder, with no rule but those that are never lifted. */
export async function listEverything(root: string, folder: string): Promise<readonly string[]> {
  const walk: Walk = { root, prefix: '', rules: ignore(), paths: [], ignored: [], count: 0 };
  await walkFolder(walk, folder === '' ? '' : `${folder.replace(/\/$/, '')}/`, false);
  return walk.paths;
}

async function findWorkTreeTop(root: string): Promise<string | undefined> {
  for (let folder = root; ; folder = dirname(folder)) {
    const names: readonly string[] = await readdir(folder).catch(() => []);
    if (names.includes('.git')) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** `.git/info/exclude` of the work tree, and the `.gitignore` of each folder above the project. */
async function addOuterRules(rules: ignore.Ignore, top: string, prefix: string): Promise<void> {
  await addRules(rules, join(top, '.git', 'info', 'exclude'), '', { rule: 'ignored by `.git/info/exclude`' });
  const parts = prefix === '' ? [] : prefix.split('/');
  for (let depth = 0; depth < parts.length; depth += 1) {
    const folder = parts.slice(0, depth).map((part) => `${part}/`);
    await addRules(rules, join(top, ...parts.slice(0, depth), '.gitignore'), folder.join(''), {
      rule: 'ignored by the `.gitignore` of a folder above the project',
    });
  }
}

async function walkFolder(walk: Walk, folder: string, readsRules = true): Promise<void> {
  const entries = await readFolder(join(walk.root, folder), folder);
  if (folder !== '' && entries.some((entry) => entry.name === environmentMarker)) {
    walk.ignored.push({ path: folder, because: { rule: 'a virtual environment (it holds `pyvenv.cfg`)' } });
    return;
  }
  if (readsRules && entries.some((entry) => entry.name === '.gitignore' && entry.isFile())) {
    const file = `${folder}.gitignore`;
    await addRules(walk.rules, join(walk.root, file), walk.prefix + folder, { file, rule: 'ignored by git' });
  }
  for (const entry of sortedBy(entries, ({ name }) => name)) {
    walk.count += 1;
    if (walk.count > mostEntries) throw tooManyEntries(folder);
    await visit(walk, `${folder}${entry.name}`, entry, readsRules);
  }
}

async function visit(walk: Walk, path: string, entry: Dirent, readsRules: boolean): Promise<void> {
  const full = entry.isDirectory() ? `${path}/` : path;
  if (entry.isDirectory() && isNeverEntered(entry.name)) {
    walk.ignored.push({ path: full, because: { rule: `\`${entry.name}\` never enters an image` } });
    return;
  }
  const verdict = walk.rules.test(walk.prefix + full);
  if (verdict.ignored) {
    const mark = verdict.rule?.mark;
    walk.ignored.push({ path: full, because: parseMark(mark, verdict.rule?.pattern) });
  } else if (entry.isDirectory()) await walkFolder(walk, full, readsRules);
  else walk.paths.push(path);
}

async function readFolder(path: string, shown: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    throw new TareError({
      code: 'PROJECT_UNREADABLE',
      message: `cannot list the folder \`${shown === '' ? path : shown}\` (${systemErrorCode(error) ?? 'unknown error'})`,
      hint: 'make it readable, or leave it out: `[tool.tare] exclude = [...]`',
      cause: error,
    });
  }
}

function tooManyEntries(folder: string): TareError {
  return new TareError({
    code: 'PROJECT_TOO_LARGE',
    message: `the project folder has more than ${mostEntries} entries (met in \`${folder}\`)`,
    hint: 'leave folders out with `.gitignore` or `.dockerignore`',
  });
}

/** Adds one file's patterns, rewritten so that they are relative to the top: the last match then wins as git has it. */
async function addRules(rules: ignore.Ignore, path: string, base: string, because: Because): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.length > limits.projectFile) return;
  text.split(/\r?\n/).forEach((line, index) => {
    const pattern = rebasePattern(line, base);
    if (pattern !== undefined)
      rules.add({ pattern, mark: JSON.stringify({ ...because, line: index + 1, pattern: line.trim() }) });
  });
}

function parseMark(mark: string | undefined, pattern: string | undefined): Because {
  if (mark === undefined) return { rule: `ignored: \`${pattern ?? ''}\`` };
  const parsed = JSON.parse(mark) as { rule: string; file?: string; line: number; pattern: string };
  const rule = `${parsed.rule}: \`${parsed.pattern}\``;
  return parsed.file === undefined ? { rule } : { file: parsed.file, line: parsed.line, rule };
}

/** gitignore(5): a pattern with a `/` that is not its last character is relative to its own folder, another matches below it at any depth. */
export function rebasePattern(line: string, base: string): string | undefined {
  const trimmed = line.replace(/(?<!\\)[ \t]+$/, '');
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  const negated = trimmed.startsWith('!');
  const body = negated ? trimmed.slice(1) : trimmed;
  if (body === '' || body === '/') return undefined;
  if (base === '') return trimmed;
  const isAnchored = body.slice(0, -1).includes('/');
  const literalBase = base.replace(/[\\*?[\]!#]/g, '\\$&');
  const inner = body.startsWith('/') ? body.slice(1) : body.replace(/^\\([!#])/, '$1');
  return `${negated ? '!' : ''}/${literalBase}${isAnchored ? '' : '**/'}${inner}`;
}
