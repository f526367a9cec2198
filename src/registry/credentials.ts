import { join } from 'node:path';
import { readTextIfThere } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { askHelper } from './credential-program.ts';
import { type CredentialFile, findEntry, parseCredentialFile } from './credential-file.ts';
import { credentialKey } from './hosts.ts';

/** What proves who asks. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** Exchanged for tokens at the token server. */
  | { readonly kind: 'identity'; readonly token: string }
  /** Shown to the registry as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

/** Credentials and where they stand, for people. */
export interface FoundCredentials {
  readonly credentials: Credentials;
  readonly origin: string;
}

type Surroundings = Pick<Context, 'env' | 'home' | 'signal'>;

/** Where `docker login` writes, and so does `tare login`. */
export function dockerConfigFile({ env, home }: Pick<Context, 'env' | 'home'>): string {
  return join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json');
}

/** Files with credentials, the first that knows the registry wins: docker(1) and containers-auth.json(5). */
function credentialFiles(surroundings: Surroundings): readonly string[] {
  const { env, home } = surroundings;
  const named = env['REGISTRY_AUTH_FILE'];
  const runtime = env['XDG_RUNTIME_DIR'];
  const user = process.getuid?.();
  return [
    ...(named ? [named] : []),
    dockerConfigFile(surroundings),
    ...(runtime
      ? [join(runtime, 'containers', 'auth.json')]
      : user === undefined
        ? []
        : [`/run/containers/${user}/auth.json`]),
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers', 'auth.json'),
  ];
}

/**
 * Credentials for a repository of a registry, from the files of docker and podman and the programs that they name. Undefined where nobody
 * knows any. Throws `CREDENTIALS_INVALID`, `CREDENTIAL_HELPER_FAILED`.
 */
export async function findCredentials(
  surroundings: Surroundings,
  registry: string,
  repository: string | undefined,
): Promise<FoundCredentials | undefined> {
  const inline = surroundings.env['DOCKER_AUTH_CONFIG'];
  if (inline) {
    const found = await findInFile(
      surroundings,
      parseCredentialFile(inline, 'DOCKER_AUTH_CONFIG'),
      registry,
      repository,
    );
    if (found !== undefined) return { credentials: found, origin: '`DOCKER_AUTH_CONFIG`' };
  }
  for (const path of credentialFiles(surroundings)) {
    const text = await readCredentialText(path);
    if (text === undefined) continue;
    const found = await findInFile(surroundings, parseCredentialFile(text, path), registry, repository);
    if (found !== undefined) return { credentials: found, origin: `\`${path}\`` };
  }
  return undefined;
}

/** The text of a file of credentials; undefined where there is none. Throws `CREDENTIALS_INVALID` where it cannot be read. */
export async function readCredentialText(path: string): Promise<string | undefined> {
  try {
    const text = await readTextIfThere(path);
    return text?.trim() === '' ? undefined : text;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new TareError({
      code: 'CREDENTIALS_INVALID',
      message: `the file of credentials \`${path}\` cannot be read (${code})`,
      where: path,
      hint: 'give it back to its owner, or name another with DOCKER_CONFIG or REGISTRY_AUTH_FILE',
      cause: error,
    });
  }
}

async function findInFile(
  surroundings: Surroundings,
  file: CredentialFile,
  registry: string,
  repository: string | undefined,
): Promise<Credentials | undefined> {
  const helper = helperOf(file, registry);
  if (helper !== undefined) {
    const kept = await askHelper(surroundings, helper, credentialKey(registry));
    if (kept !== undefined) return kept;
  }
  return findEntry(file, registry, repository);
}

/** The program that keeps the credentials of a registry (docker, `credHelpers`, `credsStore`). */
export function helperOf(file: CredentialFile, registry: string): string | undefined {
  return file.helpers.get(registry) ?? file.helpers.get(credentialKey(registry)) ?? file.store;
}
