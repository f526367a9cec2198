import type { Because } from '../base/because.ts';
import type { ProjectWarning } from './facts.ts';
import type { LeftOut } from './left-out.ts';
import { judgeName } from './left-out-rules.ts';
import { environmentMarker, isNeverEntered, type Listing } from './listing.ts';
import type { Patterns } from './patterns.ts';

/** The user's own rules, the strongest first. */
export interface SelectionRules {
  readonly exclude: Patterns;
  readonly include: Patterns;
  readonly dockerignore: (path: string) => boolean;
  /** Every path below an ignored folder, for what `include` brings back. */
  readonly listFolder: (folder: string) => Promise<readonly string[]>;
}

export interface Selection {
  readonly kept: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** Left out as secrets: never folded into their folder. */
  readonly secrets: ReadonlySet<string>;
  readonly warnings: readonly ProjectWarning[];
}

/** Decides by names which listed paths enter the image. */
export async function selectPaths(listing: Listing, rules: SelectionRules): Promise<Selection> {
  const kept: string[] = [];
  const leftOut: LeftOut[] = [];
  const secrets = new Set<string>();
  const environments = findEnvironments(listing.paths);
  const consider = (path: string, ignored: Because | undefined): void => {
    const environment = environments.find((folder) => path.startsWith(folder));
    if (environment !== undefined) {
      leftOut.push({ path: environment, because: environmentRule });
      return;
    }
    const out = judge(path, ignored, rules);
    if (out === undefined) kept.push(path);
    else {
      leftOut.push(out.leftOut);
      if (out.isSecret) secrets.add(out.leftOut.path);
    }
  };
  for (const path of listing.paths) consider(path, undefined);
  for (const { path, because } of listing.ignored) {
    const found = await findIncluded(path, rules);
    for (const inner of found) consider(inner, because);
    if (!found.includes(path)) {
      const name = judgeName(path.replace(/\/$/, path.endsWith('/') ? '/x' : ''));
      if (name?.kind === 'secret') secrets.add(path);
      const isWhole = found.length === 0;
      if (isWhole) leftOut.push({ path, because: name === undefined ? because : { rule: name.rule } });
    }
  }
  return { kept: [...new Set(kept)], leftOut, secrets, warnings: listing.warnings };
}

const environmentRule: Because = { rule: `a virtual environment (it holds \`${environmentMarker}\`)` };

function findEnvironments(paths: readonly string[]): readonly string[] {
  return paths
    .filter((path) => path.endsWith(`/${environmentMarker}`))
    .map((path) => path.slice(0, -environmentMarker.length));
}

/** The ignored path itself, or what lies below it, where `include` names it. */
async function findIncluded(path: string, rules: SelectionRules): Promise<readonly string[]> {
  if (rules.include.isEmpty) return [];
  if (!path.endsWith('/')) return rules.include.match(path) === undefined ? [] : [path];
  const name = path.slice(0, -1).split('/').at(-1) ?? '';
  if (isNeverEntered(name) || judgeName(`${path}x`)?.kind === 'cache') return [];
  return (await rules.listFolder(path)).filter((inner) => rules.include.match(inner) !== undefined);
}

interface Judgement {
  readonly leftOut: LeftOut;
  readonly isSecret: boolean;
}

function judge(path: string, ignored: Because | undefined, rules: SelectionRules): Judgement | undefined {
  const name = judgeName(path);
  if (name?.kind === 'secret' && rules.include.matchExactly(path) === undefined) {
    return { leftOut: { path: name.path, because: { rule: name.rule } }, isSecret: true };
  }
  const excluded = rules.exclude.match(path);
  if (excluded !== undefined) return { leftOut: { path, because: excluded }, isSecret: false };
  const isForever = path.split('/').some(isNeverEntered);
  if (!isForever && rules.include.match(path) !== undefined) return undefined;
  if (name !== undefined) return { leftOut: { path: name.path, because: { rule: name.rule } }, isSecret: false };
  if (rules.dockerignore(path)) {
    return {
      leftOut: { path, because: { file: '.dockerignore', rule: 'ignored by `.dockerignore`' } },
      isSecret: false,
    };
  }
  return ignored === undefined ? undefined : { leftOut: { path, because: ignored }, isSecret: false };
}
