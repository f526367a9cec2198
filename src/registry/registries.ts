import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfThere } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { systemErrorCode } from '../base/errors.ts';
import { isIpInRange } from '../http/ip-range.ts';
import { hostName, isDockerHub } from './hosts.ts';
import { type MirrorRule, parseDaemonJson, parseRegistriesConf, type RegistryRule } from './registries-file.ts';

/** What this machine's configuration says of registries. */
export interface Registries {
  readonly rules: readonly RegistryRule[];
  /** Mirrors of Docker's own registry. */
  readonly dockerMirrors: readonly MirrorRule[];
  /** `HOST[:PORT]` or a range of addresses: without TLS, or with any certificate. */
  readonly insecure: readonly string[];
}

/** Reads what podman, docker and `TARE_INSECURE_REGISTRIES` say. Throws `TOML_INVALID`, `REGISTRIES_INVALID`. */
export async function readRegistries({ env, home }: Pick<Context, 'env' | 'home'>): Promise<Registries> {
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config');
  const rules = await readRules(env['CONTAINERS_REGISTRIES_CONF'], config);
  const own = (env['TARE_INSECURE_REGISTRIES'] ?? '').split(',').map((one) => one.trim());
  const insecure = own.filter((one) => one !== '');
  const dockerMirrors: MirrorRule[] = [];
  for (const path of [join(config, 'docker', 'daemon.json'), '/etc/docker/daemon.json']) {
    const text = await readIfAllowed(path);
    if (text === undefined || text.trim() === '') continue;
    const daemon = parseDaemonJson(text, path);
    insecure.push(...daemon.insecure);
    for (const address of daemon.mirrors) dockerMirrors.push(mirrorOf(address));
  }
  return { rules, dockerMirrors, insecure };
}

/** containers-registries.conf(5): the user's file stands in place of the system's; those in `.d` add to it and win. */
async function readRules(named: string | undefined, config: string): Promise<readonly RegistryRule[]> {
  const own = join(config, 'containers', 'registries.conf');
  const system = '/etc/containers/registries.conf';
  const candidates = named ? [named] : [own, system];
  const rules = new Map<string, RegistryRule>();
  const add = (text: string, path: string): void => {
    for (const rule of parseRegistriesConf(text, path)) rules.set(rule.prefix, rule);
  };
  for (const path of candidates) {
    const text = await readIfAllowed(path);
    if (text === undefined) continue;
    add(text, path);
    break;
  }
  for (const folder of named ? [] : [`${system}.d`, `${own}.d`]) {
    for (const name of await namesIn(folder)) {
      const text = name.endsWith('.conf') ? await readIfAllowed(join(folder, name)) : undefined;
      if (text !== undefined) add(text, join(folder, name));
    }
  }
  return [...rules.values()];
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}

/** What only root may read does not hold for this user. */
async function readIfAllowed(path: string): Promise<string | undefined> {
  try {
    return await readTextIfThere(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

function mirrorOf(address: string): MirrorRule {
  const [, scheme = '', location = ''] = /^(https?:\/\/)?(.*?)\/*$/.exec(address) ?? [];
  return { location, isInsecure: scheme === 'http://', serves: 'all' };
}

/** The rule with the longest prefix that an image's name has. `name`: `registry.example/team/app`. */
export function ruleFor(rules: readonly RegistryRule[], name: string): RegistryRule | undefined {
  const fitting = rules.filter(({ prefix }) => prefixLength(prefix, name) !== undefined);
  return fitting.sort((left, right) => right.prefix.length - left.prefix.length)[0];
}

/** How much of `name` a prefix stands for; undefined where it does not. A `*.` stands for hosts below a domain. */
export function prefixLength(prefix: string, name: string): number | undefined {
  if (prefix.startsWith('*.')) {
    const slash = name.indexOf('/');
    const host = slash === -1 ? name : name.slice(0, slash);
    return hostName(host).endsWith(prefix.slice(1)) ? host.length : undefined;
  }
  if (!name.startsWith(prefix)) return undefined;
  return name.length === prefix.length || name[prefix.length] === '/' ? prefix.length : undefined;
}

/** Whether a host may be spoken to without TLS or with any certificate: compared exactly, or by range of addresses. */
export function isInsecureHost({ insecure }: Pick<Registries, 'insecure'>, host: string): boolean {
  return insecure.some((one) => (one.includes('/') ? isIpInRange(hostName(host), one) : one === host));
}

/** Mirrors for an image's name, in order. */
export function mirrorsFor(
  registries: Registries,
  registry: string,
  rule: RegistryRule | undefined,
): readonly MirrorRule[] {
  const own = rule?.mirrors ?? [];
  return isDockerHub(registry) ? [...own, ...registries.dockerMirrors] : own;
}
