import { sha256 } from '../base/digest.ts';
import type { SharedStage } from './types.ts';

/** One service of a repository. */
export interface BakeService {
  /** Name of the target: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Folder of the application, relative to the bake file, `/` separated. */
  readonly context: string;
  /** The Dockerfile, relative to `context`. */
  readonly dockerfile: string;
  readonly tag: string;
  readonly platforms: readonly string[];
  /** What it may have in common with others. */
  readonly shared?: SharedStage;
}

/**
 * `docker-bake.json` (Docker, "Bake file reference"). A stage that several services have word for word is a target of its own, built
 * once; it stays in their Dockerfiles, so that each can be built alone. Secrets are given on the command line: a bake file has none
 * that may be absent.
 */
export function renderBake(services: readonly BakeService[]): string {
  const shared = sharedTargets(services);
  const own = services.map((service): [string, object] => {
    const { name, context, dockerfile, tag, platforms } = service;
    const found = shared.find((one) => one.users.has(name));
    const contexts = found === undefined ? {} : { contexts: { [found.stage.name]: `target:${found.name}` } };
    return [name, { context, dockerfile, ...contexts, tags: [tag], ...platformsOf(platforms) }];
  });
  const bases = shared.map(({ name, stage, platforms }): [string, object] => [
    name,
    { 'dockerfile-inline': stage.text, target: stage.name, ...platformsOf(platforms) },
  ]);
  const content = {
    group: { default: { targets: services.map((one) => one.name) } },
    target: Object.fromEntries([...bases, ...own]),
  };
  const text = JSON.stringify(
    { variable: { [markName]: { default: markOf(JSON.stringify(content, literal)) } }, ...content },
    literal,
    2,
  );
  return `${text}\n`;
}

/** JSON has no comments: the mark of a bake file is a variable that nothing reads. */
const markName = 'made_by_tare_dockerfile';

function markOf(json: string): string {
  return sha256(new TextEncoder().encode(json)).slice('sha256:'.length, 'sha256:'.length + 16);
}

/** Strings of a bake file are templates (HCL, "Template Expressions"): a name that looks like one stays what it is. */
function literal(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(/[$%](?=\{)/g, '$&$&') : value;
}

/** Whether a bake file is as `renderBake` wrote it, however it is formatted. */
export function isOwnBake(text: string): boolean {
  try {
    const { variable, ...content }: { variable?: Record<string, { default?: unknown }> } = JSON.parse(text);
    const found = variable?.[markName]?.default;
    return found === markOf(JSON.stringify(content));
  } catch {
    return false;
  }
}

interface SharedTarget {
  readonly name: string;
  readonly stage: SharedStage;
  readonly platforms: readonly string[];
  readonly users: ReadonlySet<string>;
}

function sharedTargets(services: readonly BakeService[]): readonly SharedTarget[] {
  const groups = new Map<string, BakeService[]>();
  for (const service of services) {
    if (service.shared === undefined) continue;
    const key = JSON.stringify([service.shared, service.platforms]);
    groups.set(key, [...(groups.get(key) ?? []), service]);
  }
  const taken = new Set(services.map((one) => one.name));
  return [...groups.values()].flatMap((users): readonly SharedTarget[] => {
    const [first] = users;
    if (first?.shared === undefined || users.length < 2) return [];
    const name = freeName(first.shared.name, taken);
    taken.add(name);
    return [{ name, stage: first.shared, platforms: first.platforms, users: new Set(users.map((one) => one.name)) }];
  });
}

/** One platform is the builder's own. */
function platformsOf(platforms: readonly string[]): { readonly platforms?: readonly string[] } {
  return platforms.length > 1 ? { platforms } : {};
}

/** Names of targets by names of projects, each once. */
export function bakeNames(names: readonly string[]): readonly string[] {
  const taken = new Set(['default']);
  return names.map((name) => {
    const free = freeName(name.replaceAll(/[^A-Za-z0-9_-]+/g, '-'), taken);
    taken.add(free);
    return free;
  });
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
  return free;
}
