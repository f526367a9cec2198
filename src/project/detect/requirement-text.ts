/** PyPA name normalisation (PEP 503). */
export function normaliseName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** The normalised name of a PEP 508 requirement; undefined where it is none. */
export function requirementName(requirement: string): string | undefined {
  const found = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:$|[[(<>=!~;@,\s])/.exec(requirement);
  return found?.[1] === undefined ? undefined : normaliseName(found[1]);
}

/** The extras of a PEP 508 requirement. */
export function requirementExtras(requirement: string): readonly string[] {
  const found = /^\s*[A-Za-z0-9._-]+\s*\[([^\]]*)\]/.exec(requirement);
  return (found?.[1] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Names of extras and groups compare normalised (PEP 685, PEP 735). */
export function sameName(left: string, right: string): boolean {
  return normaliseName(left) === normaliseName(right);
}
