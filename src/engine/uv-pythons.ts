import * as v from 'valibot';
import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { type ArchiveName, parseArchiveName } from '../python-archive/archive-name.ts';
import { filenameOf } from '../python-archive/archive-place.ts';
import { runProgram } from './program.ts';
import { uvEnvironment } from './uv-environment.ts';
import type { UvProgram } from './uv-program.ts';

const listSchema = v.array(v.object({ url: v.nullish(v.string()) }));

/**
 * The archives of Pythons for Linux that uv knows of. It carries the list itself, so this works without network. Of each address
 * the last two parts count, the release and the file, which are the same at every mirror. Throws `UV_PYTHON_LIST_FAILED`.
 */
export async function listUvPythons(context: Context, uv: UvProgram): Promise<readonly ArchiveName[]> {
  const args = ['python', 'list', '--only-downloads', '--all-versions', '--all-platforms', '--all-arches'];
  const result = await runProgram(uv.path, [...args, '--output-format', 'json'], {
    // A uv that may download nothing lists nothing.
    env: { ...(await uvEnvironment(context.env, uv.version)), UV_PYTHON_DOWNLOADS: 'automatic' },
    timeoutSeconds: 60,
    signal: context.signal,
  });
  if (result.code !== 0) throw listFailed(uv, lastLine(result.stderr));
  return parseUvPythons(result.stdout, uv);
}

/** Reads what `uv python list --output-format json` prints. */
export function parseUvPythons(text: string, uv: Pick<UvProgram, 'version'>): readonly ArchiveName[] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), listSchema), text);
  if (!parsed.success) throw listFailed(uv, 'its answer is of another shape than is known');
  return parsed.output.flatMap(({ url }) => {
    const name = url == null ? undefined : parseArchiveName(filenameOf(url));
    // The folder is the release: without it nothing is found at a mirror.
    return name === undefined || url?.split('/').at(-2) !== name.release ? [] : [name];
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

function listFailed(uv: Pick<UvProgram, 'version'>, actual: string): TareError {
  return new TareError({
    code: 'UV_PYTHON_LIST_FAILED',
    message: `uv ${uv.version} does not say which Pythons there are`,
    actual,
    hint: 'name the archive itself as `archive` in `[tool.tare.standalone]`, or install a newer uv: pip install uv',
  });
}
