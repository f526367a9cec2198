import { sortedBy } from '../base/order.ts';
import { parseDockerignore } from '../project/patterns.ts';
import type { Frame } from './frame.ts';
import { withMark } from './mark.ts';

/** Below a folder that is let in, what never enters an image whatever the project is: the same on every machine. */
const neverIn = [
  ...['**/__pycache__', '**/*.py[co]', '**/.DS_Store', '**/.git', '**/.venv', '**/.tare', '**/*.egg-info'],
  ...[
    '**/.mypy_cache',
    '**/.pytest_cache',
    '**/.ruff_cache',
    '**/.env',
    '**/.env.*',
    '**/.netrc',
    '**/.aws',
    '**/.ssh',
  ],
];

/** Where the patterns above could match at all: few paths, of which each has to be matched as builders do. */
const suspicious =
  /(?:^|\/)(?:__pycache__|\.DS_Store|\.git|\.venv|\.tare|[^/]*\.egg-info|\.(?:mypy|pytest|ruff)_cache|\.env|\.env\.[^/]*|\.netrc|\.aws|\.ssh)(?:\/|$)|\.py[co](?:\/|$)/;

/** Denies everything, lets in what the instructions copy, and denies again what the plan leaves out below that. */
export function renderDockerignore(frame: Frame): string {
  const { plan } = frame;
  const pattern = (path: string): string => ignorePattern(path, frame.asciiOnly);
  const files = [...new Set([...plan.files.groups.flatMap((group) => group.paths), ...buildInputs(frame)])];
  const tops = sortedBy(new Set(files.map((path) => path.split('/')[0] ?? '')), (one) => one);
  const hasFolders = files.some((path) => path.includes('/'));
  const lines = [
    '# Nothing goes to the builder',
    '*',
    '# but what the Dockerfile copies,',
    ...tops.map((path) => `!${pattern(path)}`),
    ...(hasFolders ? ['# and of that not', ...neverIn] : []),
  ];
  return withMark(`${[...lines, ...corrections(frame, lines, files, tops, pattern)].join('\n')}\n`);
}

/** Files that only the build reads. */
function buildInputs({ inputs, plan }: Frame): readonly string[] {
  const { lock } = inputs;
  return [
    ...(lock.kind === 'requirements' ? lock.files : []),
    ...(lock.kind === 'uv' ? ['pyproject.toml', 'uv.lock'] : []),
    ...(plan.project.distribution === undefined ? [] : inputs.buildFiles),
    ...(plan.certificates === undefined ? [] : inputs.certificateFiles),
  ];
}

/** What the lines above get wrong of this project, one by one: the last line that matches counts. */
function corrections(
  { plan }: Frame,
  lines: readonly string[],
  files: readonly string[],
  tops: readonly string[],
  pattern: (path: string) => string,
): readonly string[] {
  const isLetIn = new Set(tops);
  const before = matcherOf(lines);
  const out = plan.files.leftOut
    .map(({ path }) => path)
    .filter(
      (path) => isLetIn.has(path.split('/')[0] ?? '') && !(suspicious.test(path) && before(path.replace(/\/$/, ''))),
    );
  const own = new Set(files);
  const denied = out.filter((path) => !own.has(path)).map((path) => pattern(path.replace(/\/$/, '')));
  const after = matcherOf([...lines, ...denied]);
  // Names that cannot be said have patterns that match others, too.
  const isWide = denied.some((one) => one.includes('?'));
  const back = files
    .filter((path) => (isWide || suspicious.test(path)) && after(path))
    .map((path) => `!${pattern(path)}`);
  return [...denied, ...back];
}

/** Made when it is first asked. */
function matcherOf(lines: readonly string[]): (path: string) => boolean {
  let matches: ((path: string) => boolean) | undefined;
  return (path) => (matches ??= parseDockerignore(lines.join('\n')))(path);
}

/** Whether an ignore file lets in exactly what the plan takes, as far as files are there to tell. */
export function isFittingIgnore(frame: Frame, text: string): boolean {
  const isIgnored = parseDockerignore(text);
  const wanted = [...frame.plan.files.groups.flatMap((group) => group.paths), ...buildInputs(frame)];
  const own = new Set(wanted);
  const tops = new Set(wanted.map((path) => path.split('/')[0]));
  const out = frame.plan.files.leftOut.map(({ path }) => path).filter((path) => tops.has(path.split('/')[0]));
  return !wanted.some(isIgnored) && out.every((path) => own.has(path) || isIgnored(path.replace(/\/$/, '')));
}

/** A path as a pattern of an ignore file that matches it alone (Docker, `.dockerignore` file): one line, no blanks at its ends, nothing special; `?` for what cannot be said. */
export function ignorePattern(path: string, asciiOnly: boolean): string {
  return [...path]
    .map((one, at, all) => {
      if (one === ' ') return at === 0 || at === all.length - 1 ? '[ ]' : one;
      // A line cannot hold it, or would lose it at its end.
      if (/[\0\s\u0085]/.test(one)) return '?';
      if (one > '\u007f') return asciiOnly ? '?' : one;
      return /[A-Za-z0-9_./~-]/.test(one) ? one : `\\${one}`;
    })
    .join('');
}
