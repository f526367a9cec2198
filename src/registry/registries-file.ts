import * as v from 'valibot';
import { TareError } from '../base/errors.ts';
import { checkShape, parseToml } from '../python/toml.ts';

/** What a configuration says of the images whose names begin with `prefix` (containers-registries.conf(5), version 2). */
export interface RegistryRule {
  /** `registry.example`, `registry.example/team` or `*.example`. */
  readonly prefix: string;
  /** What stands in place of the prefix; absent where nothing does. */
  readonly location?: string;
  readonly isInsecure: boolean;
  readonly isBlocked: boolean;
  readonly mirrors: readonly MirrorRule[];
}

export interface MirrorRule {
  readonly location: string;
  readonly isInsecure: boolean;
  /** Which pulls it serves. */
  readonly serves: 'all' | 'digest-only' | 'tag-only';
}

const text = v.pipe(v.string(), v.minLength(1));
const flag = v.optional(v.boolean(), false);
const registriesSchema = v.object({
  registry: v.optional(
    v.array(
      v.object({
        prefix: v.optional(text),
        location: v.optional(text),
        insecure: flag,
        blocked: flag,
        'mirror-by-digest-only': flag,
        mirror: v.optional(
          v.array(
            v.object({
              location: text,
              insecure: flag,
              'pull-from-mirror': v.optional(v.picklist(['all', 'digest-only', 'tag-only']), 'all'),
            }),
          ),
          [],
        ),
      }),
    ),
    [],
  ),
});

/** Rules of a `registries.conf`. Throws `TOML_INVALID`, `REGISTRIES_INVALID`. */
export function parseRegistriesConf(content: string, where: string): readonly RegistryRule[] {
  const { registry } = checkShape(registriesSchema, parseToml(content, where), {
    code: 'REGISTRIES_INVALID',
    where,
    hint: 'see containers-registries.conf(5), version 2',
  });
  return registry.flatMap((one) => {
    const prefix = one.prefix ?? one.location;
    if (prefix === undefined) return [];
    return [
      {
        prefix,
        ...(one.location === undefined || one.location === prefix ? {} : { location: one.location }),
        isInsecure: one.insecure,
        isBlocked: one.blocked,
        mirrors: one.mirror.map((mirror) => ({
          location: mirror.location,
          isInsecure: mirror.insecure,
          serves: one['mirror-by-digest-only'] ? 'digest-only' : mirror['pull-from-mirror'],
        })),
      },
    ];
  });
}

/** What docker's `daemon.json` says of registries. */
export interface DaemonRegistries {
  /** Addresses that stand in for Docker's own registry. */
  readonly mirrors: readonly string[];
  /** `HOST[:PORT]` or a range of addresses. */
  readonly insecure: readonly string[];
}

const daemonSchema = v.object({
  'registry-mirrors': v.optional(v.array(v.string()), []),
  'insecure-registries': v.optional(v.array(v.string()), []),
});

/** Reads docker's `daemon.json`. Throws `REGISTRIES_INVALID`. */
export function parseDaemonJson(content: string, where: string): DaemonRegistries {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new TareError({
      code: 'REGISTRIES_INVALID',
      message: `\`${where}\` is not JSON`,
      where,
      hint: 'correct it: docker does not start with it either',
    });
  }
  const parsed = checkShape(daemonSchema, value, {
    code: 'REGISTRIES_INVALID',
    where,
    hint: 'see the documentation of dockerd, "Daemon configuration file"',
  });
  return { mirrors: parsed['registry-mirrors'], insecure: parsed['insecure-registries'] };
}
