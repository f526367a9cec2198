/** The numbers of the first version in a text: `v0.34.2` and `20.10.24+dfsg1` to three numbers. */
export function parseVersion(text: string): readonly number[] | undefined {
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
}

/** Whether a version is at least another. What cannot be read (a build of somebody's own) is taken for new. */
export function isAtLeast(text: string, wanted: string): boolean {
  const [have, want] = [parseVersion(text), parseVersion(wanted)];
  if (have === undefined || want === undefined) return true;
  for (const [at, number] of want.entries()) {
    const own = have[at] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
