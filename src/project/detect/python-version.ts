import type { Because } from '../../base/because.ts';
import type { PythonFact } from '../facts.ts';
import type { Project } from '../project.ts';
import { convertPoetryVersion } from './poetry.ts';
import type { PyprojectFacts } from './pyproject.ts';

/**
 * The wanted Python: `[tool.tare] python`, `.python-version`, `requires-python`, `runtime.txt`, Poetry's `python`, in this order. What is said
 * further down still bounds what is said above only where the lock is made, not here.
 */
export async function findPython(
  project: Project,
  pyproject: PyprojectFacts | undefined,
  configured: string | undefined,
): Promise<PythonFact | undefined> {
  if (configured !== undefined) return parsePythonWish(configured, { rule: '`python` of the configuration' });
  const pinned = await readVersionFile(project);
  if (pinned !== undefined) return pinned;
  if (pyproject?.requiresPython !== undefined) {
    return parsePythonWish(pyproject.requiresPython.value, {
      ...pyproject.requiresPython.because,
      rule: '`requires-python`',
    });
  }
  const runtime = /^\s*python-(\d+(?:\.\d+){0,2})\s*$/m.exec((await project.readText('runtime.txt')) ?? '');
  if (runtime?.[1] !== undefined)
    return parsePythonWish(runtime[1], { file: 'runtime.txt', line: 1, rule: '`runtime.txt`' });
  if (pyproject?.poetryPython === undefined) return undefined;
  const { value, because } = pyproject.poetryPython;
  return parsePythonWish(convertPoetryVersion(value), { ...because, rule: "Poetry's `python`" });
}

/** The first line of `.python-version` that names a version; `3.13`, `3.13.1`, `cpython-3.13`, `3.13t`. */
async function readVersionFile(project: Project): Promise<PythonFact | undefined> {
  const lines = ((await project.readText('.python-version')) ?? '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const found = /^\s*(?:c?python@?-?)?(\d+(?:\.\d+){0,2}(?:t\b)?)/i.exec(line);
    if (found?.[1] === undefined) continue;
    return parsePythonWish(found[1], { file: '.python-version', line: index + 1, rule: '`.python-version`' });
  }
  return undefined;
}

/** `3.13`, `3.13.2`, `3.13t` for a free-threaded one, or a specifier set. */
export function parsePythonWish(text: string, because: Because): PythonFact {
  const wish = text.replaceAll(/\s+/g, '');
  const plain = /^(?:==)?(\d+)\.(\d+)(?:\.(\d+|\*))?(t?)$/.exec(wish);
  if (plain !== null) {
    const minor = `${plain[1]}.${plain[2]}`;
    const hasPatch = plain[3] !== undefined && plain[3] !== '*';
    return {
      specifiers: `==${minor}.*`,
      minor,
      ...(hasPatch ? { exact: `${minor}.${plain[3]}` } : {}),
      ...(plain[4] === 't' ? { isFreeThreaded: true } : {}),
      because,
    };
  }
  if (/^\d+$/.test(wish)) return { specifiers: `==${wish}.*`, because };
  const compatible = /^~=(\d+\.\d+)\.\d+$/.exec(wish);
  if (compatible?.[1] !== undefined) return { specifiers: wish, minor: compatible[1], because };
  return { specifiers: wish, because };
}
