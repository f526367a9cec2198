/** Whether a word is the first argument of a maintainer script: what dpkg wants of it (Debian Policy 6.5). */
export const isAction = (text: string): boolean => /^["']?\$\{?1(?::-)?\}?["']?$/.test(text);

/** A condition that does not hold when a package is installed for the first time. */
export function isNeverFirst(condition: string): boolean {
  const either = condition.split(/\s(?:\|\||-o)\s/);
  if (either.length > 1) return either.every(isNeverFirst);
  const all = condition.split(/\s(?:&&|-a)\s/);
  if (all.length > 1) return all.some(isNeverFirst);
  if (/^\s*(?:(?:\[|test)\s+)?!/.test(condition)) return false;
  return (
    /-n\s+["']?\$\{?2\b/.test(condition) ||
    /["']x?\$2["']\s*!=\s*["']?x?["']?(?:\s|$)/.test(condition) ||
    /^\[\s+["']?\$2["']?\s+\]$/.test(condition) ||
    /--compare-versions\s+\S+\s+["']?(?:lt|le)-nl\b/.test(condition) ||
    isOtherAction(condition)
  );
}

function isOtherAction(condition: string): boolean {
  const match =
    /["']?\$\{?1\}?["']?\s*==?\s*["']?([\w-]+)/.exec(condition) ??
    /["']?([\w-]+)["']?\s*==?\s*["']?\$1\b/.exec(condition);
  return match !== null && match[1] !== 'configure' && match[1] !== 'install';
}

/** A condition that always holds then. */
export function isAlwaysFirst(condition: string): boolean {
  return /^\[?\s*-z\s+["']?\$\{?2\}?["']?\s*\]?$/.test(condition.replace(/^test\s+/, ''));
}
