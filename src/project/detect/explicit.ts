import { TareError } from '../../base/errors.ts';
import type { EntryCandidate } from '../facts.ts';
import { resolveModule, resolveTarget } from './entry-evidence.ts';
import type { PythonIndex } from './python-index.ts';
import { bindsName } from './python-syntax.ts';

/** Checks the entry point that the person named. Throws `ENTRY_POINT_NOT_FOUND`, `ENTRY_POINT_INVALID`. */
export async function resolveExplicit(
  text: string,
  index: PythonIndex,
  candidates: readonly EntryCandidate[],
  scripts: ReadonlyMap<string, unknown>,
): Promise<EntryCandidate> {
  const because = { rule: `the entry point \`${text}\` is named by the configuration` };
  const base = { because, score: 1000 };
  if (text.endsWith('.py')) {
    const path = text.replace(/^\.\//, '');
    if (!index.has(path)) throw notFound(text, `there is no source \`${path}\` in the project`, candidates);
    return { ...base, kind: 'script', module: path, importRoot: '', file: path };
  }
  if (scripts.has(text)) return { ...base, kind: 'script', module: text, importRoot: '' };
  if (text.includes(':')) return await resolveAttribute(text, index, candidates);
  if (!/^[A-Za-z_][\w-]*(?:\.\w+)*$/.test(text)) throw invalid(text);
  const place = resolveModule(text, index);
  const known =
    place === undefined ? undefined : candidates.find(({ file, kind }) => file === place.path && kind !== 'script');
  if (known !== undefined) return { ...known, ...base };
  if (place === undefined) throw notFound(text, `there is no module \`${text}\` in the project`, candidates);
  return { ...base, kind: 'module', module: text, importRoot: place.importRoot, file: place.path };
}

async function resolveAttribute(
  text: string,
  index: PythonIndex,
  candidates: readonly EntryCandidate[],
): Promise<EntryCandidate> {
  const found = /^([A-Za-z_]\w*(?:\.\w+)*):([A-Za-z_][\w.]*)(\(\))?$/.exec(text);
  if (found === null) throw invalid(text);
  const [, module = '', attribute = '', call] = found;
  const because = { rule: `the entry point \`${text}\` is named by the configuration` };
  const place = resolveTarget(`${module}:${attribute}`, index);
  const fallback = {
    kind: call === undefined ? 'asgi' : 'asgi-factory',
    module,
    attribute,
    importRoot: '',
    because,
    score: 1000,
  } as const;
  // A module of a dependency: nothing can be checked before it is installed.
  if (place === undefined) {
    const [top = module] = module.split('.', 1);
    if (index.hasFolder(top) || index.has(`${top}.py`))
      throw notFound(text, `there is no module \`${module}\` in the project`, candidates);
    return fallback;
  }
  const known = candidates.find((one) => one.file === place.path && one.attribute === place.attribute);
  if (known !== undefined)
    return {
      ...known,
      module,
      importRoot: place.importRoot,
      because: { ...known.because, rule: because.rule },
      score: 1000,
    };
  const source = await index.readModule(place.path);
  if (!source.hasStarImport && !bindsName(source, place.attribute)) {
    throw notFound(text, `\`${place.path}\` does not define \`${place.attribute}\``, candidates);
  }
  return { ...fallback, importRoot: place.importRoot, file: place.path };
}

function invalid(text: string): TareError {
  return new TareError({
    code: 'ENTRY_POINT_INVALID',
    message: `\`${text}\` is not an entry point`,
    expected: '`pkg.mod:app`, `pkg.mod:create_app()`, `pkg.mod`, a console script or the path of a script',
    hint: 'correct `--entrypoint` or `[tool.tare] entrypoint`',
  });
}

function notFound(text: string, why: string, candidates: readonly EntryCandidate[]): TareError {
  const known = candidates.slice(0, 5).map(formatCandidate);
  return new TareError({
    code: 'ENTRY_POINT_NOT_FOUND',
    message: `the entry point \`${text}\` is not there: ${why}`,
    actual: text,
    ...(known.length === 0 ? {} : { expected: known.join(', ') }),
    hint: 'correct `--entrypoint` or `[tool.tare] entrypoint`',
  });
}

/** `app.main:app (app/main.py:12)`. */
export function formatCandidate({ module, attribute, kind, because, importRoot }: EntryCandidate): string {
  const call = kind.endsWith('-factory') ? '()' : '';
  const name = attribute === undefined ? module : `${module}:${attribute}${call}`;
  const place =
    because.file === undefined ? '' : ` (${because.file}${because.line === undefined ? '' : `:${because.line}`})`;
  return `${name}${place}${importRoot === '' ? '' : ` in ${importRoot}/`}`;
}
