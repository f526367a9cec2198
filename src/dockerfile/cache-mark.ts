/**
 * A Dockerfile that tare rendered with names for its cache mounts that begin with `mark`: where no build had that mark before, they are empty.
 */
export function withCacheMark(text: string, mark: string): string {
  return text.replace(
    /--mount=type=cache,target=([^\s,]+)/g,
    (_, target: string) => `--mount=type=cache,id=${mark}${target},target=${target}`,
  );
}
