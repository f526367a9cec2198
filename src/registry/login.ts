import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomically } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { withFileLock } from '../base/file-lock.ts';
import { makeFolder } from '../base/make-folder.ts';
import { drain } from './answer.ts';
import { eraseFromHelper, storeInHelper } from './credential-program.ts';
import { parseCredentialFile } from './credential-file.ts';
import { type Credentials, dockerConfigFile, helperOf, readCredentialText } from './credentials.ts';
import { credentialKey } from './hosts.ts';
import type { Session } from './session.ts';

/** What became of a login or logout. */
export interface CredentialChange {
  /** The file, or the program that keeps secrets for docker. */
  readonly place: string;
  readonly isHelper: boolean;
}

type Surroundings = Pick<Context, 'env' | 'home' | 'signal'>;

const looseFile = v.looseObject({ auths: v.optional(v.nullable(v.looseObject({}))) });

/** Whether the registry accepts the credentials of the session. Gives false where it asks for none. Throws as signing in does. */
export async function tryLogin(session: Session): Promise<boolean> {
  const response = await session.request({ method: 'GET', url: '/v2/', scopes: [] });
  if (response.status !== 200)
    throw await session.refusal(response, { object: 'what says that it is a registry', verb: 'read' });
  await drain(response);
  return session.requests() > 1;
}

/**
 * Keeps credentials where docker keeps them: in the program that its `config.json` names, else in that file, with access for its owner
 * alone. What else is in the file stays. Throws `CREDENTIALS_INVALID`, `CREDENTIAL_HELPER_FAILED`.
 */
export async function keepCredentials(
  surroundings: Surroundings,
  registry: string,
  credentials: Credentials & { readonly kind: 'password' },
): Promise<CredentialChange> {
  const { username, password } = credentials;
  const auth = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  return changeFile(surroundings, async (file, auths) => {
    const helper = helperOf(file, registry);
    if (helper !== undefined) await storeInHelper(surroundings, helper, credentialKey(registry), credentials);
    // Docker marks with an empty entry what a helper keeps.
    return { helper, auths: { ...auths, [credentialKey(registry)]: helper === undefined ? { auth } : {} } };
  });
}

/** Forgets what `keepCredentials` kept; undefined where nothing was known. Throws as that does. */
export async function forgetCredentials(
  surroundings: Surroundings,
  registry: string,
): Promise<CredentialChange | undefined> {
  let wasKnown = false;
  const change = await changeFile(surroundings, async (file, auths) => {
    const helper = helperOf(file, registry);
    const { [credentialKey(registry)]: entry, ...rest } = auths;
    wasKnown = entry !== undefined;
    if (helper !== undefined) await eraseFromHelper(surroundings, helper, credentialKey(registry));
    return { helper, auths: rest };
  });
  return wasKnown || change.isHelper ? change : undefined;
}

type Auths = Readonly<Record<string, unknown>>;

async function changeFile(
  surroundings: Surroundings,
  change: (
    file: ReturnType<typeof parseCredentialFile>,
    auths: Auths,
  ) => Promise<{ readonly helper: string | undefined; readonly auths: Auths }>,
): Promise<CredentialChange> {
  const named = dockerConfigFile(surroundings);
  await makeFolder(dirname(named), 0o700);
  // Many people have a link there, to a folder with all their settings.
  const path = await realpath(named).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return named;
    throw error;
  });
  return withFileLock(
    `${path}.tare-lock`,
    async () => {
      const text = (await readCredentialText(path)) ?? '{}';
      const file = parseCredentialFile(text, path);
      const whole = v.safeParse(looseFile, JSON.parse(text));
      if (!whole.success) throw notAnObject(path);
      const { helper, auths } = await change(file, whole.output.auths ?? {});
      const content = `${JSON.stringify({ ...whole.output, auths }, undefined, '\t')}\n`;
      if (content !== text) await writeFileAtomically(path, content, 0o600);
      return helper === undefined
        ? { place: path, isHelper: false }
        : { place: `docker-credential-${helper}`, isHelper: true };
    },
    surroundings.signal,
  );
}

function notAnObject(path: string): TareError {
  return new TareError({
    code: 'CREDENTIALS_INVALID',
    message: `\`${path}\` is not a file of credentials`,
    where: path,
    hint: 'move it away',
  });
}
