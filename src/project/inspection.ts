import { lstat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { mapLimit } from '../base/concurrency.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { ProjectWarning } from './facts.ts';
import type { LeftOut } from './left-out.ts';
import { judgeContent, needsContent } from './left-out-rules.ts';
import { judgeLink } from './links.ts';
import { replacementCharacter } from './listing.ts';
import type { ProjectFile } from './project.ts';
import { readProjectText } from './text.ts';

/** What a look at the disk says of one path. */
type Finding =
  | { readonly file: ProjectFile }
  | { readonly leftOut: LeftOut; readonly warning?: ProjectWarning; readonly isSecret?: boolean }
  | undefined;

export interface Inspection {
  readonly files: readonly ProjectFile[];
  readonly leftOut: readonly LeftOut[];
  readonly secrets: ReadonlySet<string>;
  readonly warnings: readonly ProjectWarning[];
}

const atOnce = 16;

/** Looks at each path on the disk: kind, mode, size; links and private keys by their content. Nothing outside of the root is read. */
export async function inspectPaths(
  root: string,
  paths: readonly string[],
  isNamedExactly: (path: string) => boolean,
): Promise<Inspection> {
  const parents = new Map<string, Promise<boolean>>();
  const findings = await mapLimit(paths, atOnce, async (path) => {
    if (!(await hasRealParents(root, path, parents))) return undefined;
    return await inspectPath(root, path, isNamedExactly(path));
  });
  const files: ProjectFile[] = [];
  const leftOut: LeftOut[] = [];
  const warnings: ProjectWarning[] = [];
  const secrets = new Set<string>();
  for (const finding of findings) {
    if (finding === undefined) continue;
    if ('file' in finding) files.push(finding.file);
    else {
      leftOut.push(finding.leftOut);
      if (finding.warning !== undefined) warnings.push(finding.warning);
      if (finding.isSecret === true) secrets.add(finding.leftOut.path);
    }
  }
  return { files, leftOut, secrets, warnings };
}

/** A tracked path may lie below what has become a link since: it must not be followed. */
async function hasRealParents(root: string, path: string, known: Map<string, Promise<boolean>>): Promise<boolean> {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return true;
  const folder = path.slice(0, slash);
  let answer = known.get(folder);
  if (answer === undefined) {
    answer = hasRealParents(root, folder, known).then(async (above) => {
      return above && ((await readStats(root, folder))?.isDirectory() ?? false);
    });
    known.set(folder, answer);
  }
  return await answer;
}

async function inspectPath(root: string, path: string, isNamedExactly: boolean): Promise<Finding> {
  const stats = await readStats(root, path);
  if (stats === undefined) return path.includes(replacementCharacter) ? unreadableName(path) : undefined;
  if (stats.isSymbolicLink()) return await inspectLink(root, path);
  if (stats.isDirectory()) return undefined;
  if (!stats.isFile()) return { leftOut: { path, because: { rule: `a ${kindOf(stats)}, not a file` } } };
  if (!isNamedExactly && needsContent(path, stats.size)) {
    const verdict = judgeContent(path, await readLoosely(root, path));
    if (verdict !== undefined) return { leftOut: { path, because: { rule: verdict.rule } }, isSecret: true };
  }
  const mode = (stats.mode & 0o100) === 0 ? 0o644 : 0o755;
  return { file: { path, type: 'file', mode, size: stats.size } };
}

async function inspectLink(root: string, path: string): Promise<Finding> {
  const verdict = await judgeLink(root, path);
  if ('target' in verdict) return { file: { path, type: 'symlink', mode: 0o777, size: 0, linkTarget: verdict.target } };
  return {
    leftOut: { path, because: { rule: verdict.refused } },
    warning: {
      code: 'LINK_LEFT_OUT',
      message: `\`${path}\` is left out: ${verdict.refused}`,
      hint: 'put a copy in its place, or leave it out: `[tool.tare] exclude = [...]`',
      because: { file: path, rule: verdict.refused },
    },
  };
}

function unreadableName(path: string): Finding {
  const rule = 'its name is not UTF-8';
  return {
    leftOut: { path, because: { rule } },
    warning: { code: 'NAME_NOT_UTF8', message: `\`${path}\` is left out: ${rule}`, hint: 'rename it' },
  };
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return 'socket';
  return stats.isFIFO() ? 'pipe' : 'device';
}

async function readLoosely(root: string, path: string): Promise<string> {
  try {
    return (await readProjectText(root, path)) ?? '';
  } catch (error) {
    if (error instanceof TareError && error.code === 'FILE_NOT_UTF8') return '';
    throw error;
  }
}

/** Undefined where it is gone: deleted but still tracked. */
async function readStats(root: string, path: string): Promise<Stats | undefined> {
  try {
    return await lstat(join(root, path));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new TareError({
      code: 'FILE_UNREADABLE',
      message: `cannot look at \`${path}\` (${code ?? 'unknown error'})`,
      where: path,
      hint: 'make its folder readable, or leave it out: `[tool.tare] exclude = [...]`',
      cause: error,
    });
  }
}
