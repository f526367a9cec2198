import { lstat, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../base/context.ts';
import { digestHex, sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { withFileLock } from '../base/file-lock.ts';
import { makeFolder } from '../base/make-folder.ts';
import { versionOfDescription } from '../project/git-describe.ts';
import type { GitSource } from '../python/build-source.ts';
import { findProgram, type ProgramResult, runProgram } from './program.ts';

/** Configurations of a repository may name programs to run: none of them is. */
const guards = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'protocol.ext.allow=never'];

export interface ExportedCommit {
  /** Seconds since the epoch. */
  readonly date: number;
  /** By the last tag before it. */
  readonly version?: string;
}

/**
 * Writes the files of a commit, with those of its submodules, into a folder that is not there yet: by the user's own git, with the
 * user's own credentials, and without its history. `describe` asks its tags for a version. Throws `GIT_MISSING`, `GIT_FAILED`.
 */
export async function exportCommit(
  context: Context,
  source: GitSource,
  folder: string,
  options: { readonly describe: boolean },
): Promise<ExportedCommit> {
  const git = await openGit(context, source);
  const repository = join(context.cacheDir, 'git', digestHex(sha256(source.url)).slice(0, 24));
  await makeFolder(dirname(repository));
  return withFileLock(
    `${repository}.lock`,
    async () => {
      await makeFolder(repository);
      await forgetCopies(repository);
      try {
        await git(repository, ['init', '--quiet', '--bare'], 'make a place for it');
        if (!(await hasCommit(git, repository, source.commit))) await fetchCommit(context, git, repository, source);
        const version = options.describe ? await describeCommit(context, git, repository, source) : undefined;
        const date = await checkOut(git, repository, source, folder);
        return { date, ...(version === undefined ? {} : { version }) };
      } finally {
        await forgetCopies(repository);
      }
    },
    context.signal,
  );
}

/** Copies and what git noted of them: the addresses of their submodules, with what was given to sign in. */
async function forgetCopies(repository: string): Promise<void> {
  for (const name of ['worktrees', 'config']) await rm(join(repository, name), { recursive: true, force: true });
}

/** Gives the commit's date, seconds since the epoch. */
async function checkOut(git: Git, repository: string, source: GitSource, folder: string): Promise<number> {
  await git(repository, ['worktree', 'add', '--quiet', '--detach', '--', folder, source.commit], 'check it out');
  await fetchSubmodules(git, folder, source);
  const { stdout } = await git(folder, ['show', '--no-patch', '--format=%ct', source.commit], 'show it');
  await removeHistory(folder);
  return Number(/^\d{1,12}$/.exec(stdout.trim())?.[0] ?? 0);
}

/** The commit that a branch or a tag means now, or a whole hash; the default branch where none is named. Throws `GIT_FAILED`. */
export async function resolveRevision(context: Context, url: string, revision: string | undefined): Promise<string> {
  if (revision !== undefined && /^[0-9a-f]{40}$/i.test(revision)) return revision.toLowerCase();
  const name = revision ?? 'HEAD';
  if (context.offline) throw offline(`${url}@${name}`);
  const git = await openGit(context, { url, commit: name });
  const { stdout } = await git(context.home, ['ls-remote', '--', url, name, `${name}^{}`], 'ask the repository');
  const found = stdout.split('\n').flatMap((line) => {
    const [hash, ref = ''] = line.trim().split(/\s+/);
    return hash === undefined || !/^[0-9a-f]{40}$/.test(hash) ? [] : [{ hash, ref }];
  });
  // A tag with a message is an object of its own, and what it stands for comes with `^{}`; branches before tags, as with git.
  const order = [`${name}`, `refs/heads/${name}`, `refs/tags/${name}^{}`, `refs/tags/${name}`];
  const best = order.map((ref) => found.find((one) => one.ref === ref)).find((one) => one !== undefined);
  if (best !== undefined) return best.hash;
  throw new TareError({
    code: 'GIT_FAILED',
    message: `the repository has no branch or tag \`${name}\``,
    where: url,
    hint: 'name a branch, a tag, or the whole hash of a commit',
  });
}

type Git = (cwd: string, args: readonly string[], doing: string) => Promise<ProgramResult>;

async function openGit(context: Context, { url, commit }: Pick<GitSource, 'url' | 'commit'>): Promise<Git> {
  const program = await findProgram(context, 'git');
  if (program === undefined) {
    throw new TareError({
      code: 'GIT_MISSING',
      message: 'a requirement is a git repository, and there is no git on PATH',
      hint: 'install git: apt-get install git',
    });
  }
  const env = { ...context.env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', ...detached };
  return async (cwd, args, doing) => {
    const result = await runProgram(program, [...guards, ...args], { env, cwd, signal: context.signal });
    if (result.code === 0) return result;
    throw new TareError({
      code: 'GIT_FAILED',
      message: `git did not ${doing}: ${result.stderr.trim().slice(-1500)}`,
      where: `${url}@${commit}`,
      hint: 'see that `git fetch` of this address works in a shell: git uses your own credentials',
    });
  };
}

/** Of a git that runs tare, as in a hook. */
const detached = {
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_PREFIX: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
};

async function hasCommit(git: Git, repository: string, commit: string): Promise<boolean> {
  const { stdout } = await git(repository, ['rev-parse', '--verify', '--quiet', `${commit}^{commit}`], 'look').catch(
    () => ({ stdout: '' }),
  );
  return stdout.trim() === commit;
}

async function fetchCommit(context: Context, git: Git, repository: string, { url, commit }: GitSource): Promise<void> {
  if (context.offline) throw offline(`${url}@${commit}`);
  const task = context.progress.start(`fetching commit ${commit.slice(0, 12)}`);
  try {
    await git(repository, ['fetch', '--quiet', '--depth=1', '--no-tags', '--', url, commit], 'fetch the commit');
  } catch {
    // Not every server gives out a commit by its hash.
    await git(repository, ['fetch', '--quiet', '--', url, ...allReferences], 'fetch the repository');
  }
  task.done();
}

const allReferences = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

/** Needs the history: what was fetched alone gets it. */
async function describeCommit(
  context: Context,
  git: Git,
  repository: string,
  { url, commit }: GitSource,
): Promise<string | undefined> {
  if (!context.offline) {
    const isShallow = await git(repository, ['rev-parse', '--is-shallow-repository'], 'look');
    const whole = isShallow.stdout.trim() === 'true' ? ['--unshallow'] : [];
    await git(repository, ['fetch', '--quiet', ...whole, '--', url, ...allReferences], 'fetch its tags');
  }
  const args = ['describe', '--tags', '--long', '--match', '*[0-9]*', '--abbrev=7', commit];
  const described = await git(repository, args, 'describe it').catch(() => undefined);
  return described === undefined ? undefined : versionOfDescription(described.stdout.trim());
}

function offline(where: string): TareError {
  return new TareError({
    code: 'OFFLINE_MISSING',
    message: 'a commit of a git repository is not in the cache, and --offline forbids to fetch it',
    where,
    hint: 'run the same command once without --offline',
  });
}

async function fetchSubmodules(git: Git, folder: string, { url }: GitSource): Promise<void> {
  const names = await readdir(folder);
  if (!names.includes('.gitmodules') || !(await lstat(join(folder, '.gitmodules'))).isFile()) return;
  // Their addresses may be relative to the repository's own.
  const update = ['-c', `remote.origin.url=${url}`, 'submodule', '--quiet', 'update', '--init', '--recursive'];
  const doing = 'fetch the submodules';
  try {
    await git(folder, [...update, '--depth=1'], doing);
  } catch {
    // Not every server gives out a commit without its history.
    await git(folder, ['submodule', '--quiet', 'deinit', '--force', '--all'], doing);
    const { stdout } = await git(folder, ['rev-parse', '--absolute-git-dir'], doing);
    await rm(join(stdout.trim(), 'modules'), { recursive: true, force: true });
    await git(folder, update, doing);
  }
}

async function removeHistory(folder: string): Promise<void> {
  const pending = [folder];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.name === '.git') await rm(inner, { recursive: true, force: true });
      else if (entry.isDirectory()) pending.push(inner);
    }
  }
}
