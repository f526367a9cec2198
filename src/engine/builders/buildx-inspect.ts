/** What `buildx inspect` says of a builder. */
export interface BuilderState {
  readonly name: string;
  /** `docker`, `docker-container`, `kubernetes`, `remote`; empty where it does not say. */
  readonly driver: string;
  /** Of BuildKit; empty where the builder is not running yet. */
  readonly buildkit: string;
  readonly platforms: readonly string[];
  /** Why none of its nodes can be used. */
  readonly error?: string;
}

/** Reads `buildx inspect [NAME]`: fields of the builder, then of each node. */
export function parseInspect(text: string): BuilderState {
  const all = (field: string): readonly string[] =>
    [...text.matchAll(new RegExp(`^${field}:[ \\t]*(.*)$`, 'gm'))].map((match) => match[1]?.trim() ?? '');
  const [builder = ''] = text.split(/^Nodes:/m);
  const errors = all('Error').filter((one) => one !== '');
  const isUsable = /^Status:\s+(?:running|inactive|stopped)/m.test(text);
  const platforms = all('Platforms').flatMap((line) => line.split(',').map((one) => one.trim().replace(/\*$/, '')));
  return {
    name: /^Name:[ \t]*(\S+)/m.exec(builder)?.[1] ?? '',
    driver: /^Driver:[ \t]*(\S+)/m.exec(builder)?.[1] ?? '',
    buildkit: all('BuildKit(?: version)?')[0] ?? all('Buildkit')[0] ?? '',
    platforms: [...new Set(platforms.filter((one) => one !== ''))],
    ...(errors[0] !== undefined && !isUsable ? { error: errors[0] } : {}),
  };
}
