/** Whether a file is a Python module as text. */
export function isSource(path: string): boolean {
  return path.endsWith('.py') && !path.endsWith('/.py') && path !== '.py';
}

/** Where the bytecode of a source is looked for (PEP 3147): `pkg/mod.py` → `pkg/__pycache__/mod.cpython-313.pyc`. */
export function cachedPath(source: string, cacheTag: string): string {
  const slash = source.lastIndexOf('/') + 1;
  return `${source.slice(0, slash)}__pycache__/${source.slice(slash, -'.py'.length)}.${cacheTag}.pyc`;
}

/** Where bytecode stands in place of its source (PEP 3147, "Case 4: legacy pyc files"): `pkg/mod.pyc`. */
export function sourcelessPath(source: string): string {
  return `${source}c`;
}

/** The source of a file below `__pycache__`, whatever interpreter it was made by; undefined for any other path. */
export function sourceOfCached(path: string): string | undefined {
  const match = /^(.*\/)?__pycache__\/([^/]+?)\.[^./]+(?:\.opt-[^./]+)?\.pyc$/.exec(path);
  return match === null ? undefined : `${match[1] ?? ''}${match[2] ?? ''}.py`;
}
