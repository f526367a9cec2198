import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { forgetCredentials, keepCredentials, tryLogin } from '../registry/login.ts';
import { openSession } from '../registry/session.ts';
import { isInsecureHost, readRegistries } from '../registry/registries.ts';
import { resolveEndpoint } from '../registry/transport.ts';

export interface LoginOptions {
  readonly username: string;
  readonly password: string;
  /** The registry may have no TLS, or any certificate. @default as the configuration of docker and podman says */
  readonly isInsecure?: boolean;
}

/** What `tare login --json` prints. */
export interface LoginReport {
  readonly registry: string;
  readonly username: string;
  /** The file or the program that keeps the credentials now. */
  readonly place: string;
  /** They are protected by a program, not merely by the mode of a file. */
  readonly isHelper: boolean;
  /** The registry asked for them, and took them. */
  readonly isChecked: boolean;
}

/** Signs in at a registry and keeps the credentials where docker keeps them. Throws `TareError`; then nothing is kept. */
export async function login(registry: string, options: LoginOptions, context: Context): Promise<LoginReport> {
  const host = parseRegistryHost(registry);
  const { username, password } = options;
  if (username === '' || password === '' || username.includes(':')) throw unusable(username);
  const credentials = { kind: 'password', username, password } as const;
  const isInsecure = options.isInsecure === true || isInsecureHost(await readRegistries(context), host);
  const endpoint = await resolveEndpoint(context, host, isInsecure);
  const isChecked = await tryLogin(openSession(context, endpoint, { credentials }));
  const change = await keepCredentials(context, host, credentials);
  return { registry: host, username, ...change, isChecked };
}

/** What `tare logout --json` prints. */
export interface LogoutReport {
  readonly registry: string;
  readonly wasKnown: boolean;
}

/** Forgets the credentials of a registry where docker keeps them. */
export async function logout(registry: string, context: Context): Promise<LogoutReport> {
  const host = parseRegistryHost(registry);
  return { registry: host, wasKnown: (await forgetCredentials(context, host)) !== undefined };
}

/** `HOST[:PORT]`; an address of it is understood, too. Throws `REGISTRY_INVALID`. */
export function parseRegistryHost(text: string): string {
  const host = text.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '');
  if (/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/i.test(host)) return host.toLowerCase();
  throw new TareError({
    code: 'REGISTRY_INVALID',
    message: `\`${text.slice(0, 200)}\` is not a registry`,
    expected: 'HOST[:PORT]',
    hint: 'leave the name of the image away: `tare login registry.example`',
  });
}

function unusable(username: string): TareError {
  return new TareError({
    code: 'CREDENTIALS_INVALID',
    message: username.includes(':') ? 'the user name has a colon in it' : 'the user name or the password is empty',
    expected: 'a user name without a colon (RFC 7617), and a password or token',
    hint: 'give them with `--username` and `--password-stdin`',
  });
}
