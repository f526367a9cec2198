import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readZip, streamZipMember } from '../archive/zip.ts';
import { withDiskHint } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { isTareError, systemErrorCode, TareError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { redact } from '../base/redact.ts';
import { pinnedUv, renderPinnedUvRequirement } from '../python/uv-wheels.ts';
import { listInterpreters } from './interpreter.ts';
import { listPrograms, runProgram } from './program.ts';
import { isNetworkFailure } from './uv-failure.ts';

/** A uv that works, and where it is from. */
export interface UvProgram {
  /** Absolute path. */
  readonly path: string;
  /** `0.11.32`. */
  readonly version: string;
  readonly source: 'path' | 'cache' | 'downloaded';
}

/** The first that writes PEP 751 files. */
const oldestUv = [0, 6, 15] as const;
/** Far more than the binary weighs. */
const binaryLimit = 512 * 1024 * 1024;

/**
 * A uv: that of PATH where it is new enough, else that of the cache, else its wheel is fetched by the machine's pip, at
 * a pinned version and hash. Throws `UV_MISSING`.
 */
export async function findUv(context: Context): Promise<UvProgram> {
  const notes: string[] = [];
  for await (const path of listPrograms(context, ['uv'])) {
    const version = await uvVersion(context, path);
    if (version === undefined) notes.push(`\`${path}\` does not start`);
    else if (!isNewEnough(version)) notes.push(`\`${path}\` is ${version}, older than ${oldestUv.join('.')}`);
    else return { path, version, source: 'path' };
  }
  const cached = join(context.cacheDir, 'tools', `uv-${pinnedUv.version}`, binaryName(context));
  const version = await uvVersion(context, cached);
  if (version === pinnedUv.version) return { path: cached, version, source: 'cache' };
  if (context.offline) throw uvMissing([...notes, 'it is not in the cache, and with --offline nothing is fetched']);
  await fetchUv(context, cached, notes);
  return { path: cached, version: pinnedUv.version, source: 'downloaded' };
}

/** The version that `uv --version` names, or undefined where it does not start. */
async function uvVersion(context: Context, path: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await runProgram(path, ['--version'], {
      env: context.env,
      timeoutSeconds: 20,
      signal: context.signal,
    });
    return code === 0 ? /^uv (\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] : undefined;
  } catch (error) {
    if (isTareError(error) && error.code === 'PROGRAM_NOT_STARTED') return undefined;
    throw error;
  }
}

/** Whether this version of uv writes PEP 751 files. */
export function isNewEnough(version: string): boolean {
  const parts = version.split(/[.+-]/).map(Number);
  for (const [index, least] of oldestUv.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function binaryName(context: Context): string {
  return context.host.platform === 'win32' ? 'uv.exe' : 'uv';
}

async function fetchUv(context: Context, target: string, notes: string[]): Promise<void> {
  const tools = join(context.cacheDir, 'tools');
  let work: string | undefined;
  try {
    await makeFolder(tools);
    work = await mkdtemp(join(tools, '.uv-'));
    const wheel = await downloadWheel(context, work, notes);
    const out = join(work, 'out');
    await mkdir(out);
    const binary = join(out, binaryName(context));
    await writeFile(binary, await openBinary(wheel, binaryName(context)));
    await chmod(binary, 0o755);
    await replaceFolder(out, join(target, '..'));
  } catch (error) {
    throw withDiskHint(error, tools);
  } finally {
    if (work !== undefined) await rm(work, { recursive: true, force: true });
  }
}

async function downloadWheel(context: Context, work: string, notes: string[]): Promise<string> {
  const requirement = join(work, 'requirement.txt');
  await writeFile(requirement, renderPinnedUvRequirement());
  const wheels = join(work, 'wheels');
  const task = context.progress.start(`fetching uv ${pinnedUv.version}`);
  let network = false;
  for await (const python of listInterpreters(context)) {
    const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
    args.push('--no-input', '--disable-pip-version-check', '--progress-bar', 'off', '-r', requirement, '-d', wheels);
    const result = await runProgram(python.path, args, { env: context.env, signal: context.signal });
    if (result.code === 0) {
      const file = (await readdir(wheels)).find((name) => name.startsWith('uv-') && name.endsWith('.whl'));
      task.done();
      if (file !== undefined) return join(wheels, file);
    }
    network = isNetworkFailure(result.stderr);
    notes.push(`pip of \`${python.path}\`: ${lastLine(result.stderr)}`);
    // Another pip has the same network, and each takes long to give up.
    if (network) break;
  }
  task.done('failed');
  throw uvMissing(notes, network);
}

function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return redact(lines.findLast((line) => line !== '') ?? 'no message').slice(0, 300);
}

/** In chunks: held whole, its 60 MB would be a large part of what the whole process needs. */
async function openBinary(wheel: string, name: string): Promise<AsyncIterable<Uint8Array>> {
  const path = `uv-${pinnedUv.version}.data/scripts/${name}`;
  const archive = await readZip(wheel);
  const entry = archive.entries.find((one) => one.name === path);
  if (entry === undefined || entry.isDirectory || entry.slice.size > binaryLimit) {
    throw new TareError({
      code: 'UV_WHEEL_BROKEN',
      message: `the wheel of uv ${pinnedUv.version} has no \`${path}\``,
      hint: 'install uv yourself: pip install uv',
    });
  }
  return streamZipMember(entry.slice, path);
}

/** Puts a folder in its place whole; another process that was faster has the same one. */
async function replaceFolder(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error;
    await rm(to, { recursive: true, force: true });
    await rename(from, to);
  }
}

function uvMissing(notes: readonly string[], transient = false): TareError {
  return new TareError({
    code: 'UV_MISSING',
    message: 'the project has no complete lock, and there is no uv to make one',
    ...(notes.length === 0 ? {} : { actual: notes.join('; ') }),
    expected: `uv ${oldestUv.join('.')} or newer on PATH, or a Python with pip that can fetch it`,
    hint: 'pip install uv, or commit a lock: `uv lock`, or a requirements.txt whose every line is pinned with --hash',
    transient,
  });
}
