import { spawn } from 'node:child_process';
import * as v from 'valibot';
import type { Context } from '../base/context.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { Credentials } from './credentials.ts';

/** Runs `docker-credential-NAME` (docker-credential-helpers, "Development"). */
type Surroundings = Pick<Context, 'env' | 'signal'>;

type HelperVerb = 'get' | 'store' | 'erase';

const answerSchema = v.object({ Username: v.string(), Secret: v.pipe(v.string(), v.minLength(1)) });
/** As a user name it says that the secret is an identity token. */
const tokenUser = '<token>';
const largestOutput = 1024 * 1024;
/** A keychain may ask a person. */
const patienceMs = 120_000;

/** What a helper keeps for `server`; undefined where it keeps nothing. Throws `CREDENTIAL_HELPER_FAILED`. */
export async function askHelper(
  surroundings: Surroundings,
  name: string,
  server: string,
): Promise<Credentials | undefined> {
  const { code, stdout } = await runHelper(surroundings, name, 'get', server);
  if (code !== 0) {
    // The one message that all helpers share, on standard output.
    if (/credentials not found/i.test(stdout)) return undefined;
    throw helperFailed(name, 'get', `it ended with ${code ?? 'a signal'}`);
  }
  const answer = v.safeParse(answerSchema, parseJson(stdout));
  if (!answer.success) throw helperFailed(name, 'get', 'its answer is not JSON with `Username` and `Secret`');
  const { Username: username, Secret: secret } = answer.output;
  if (username === tokenUser) return { kind: 'identity', token: secret };
  return { kind: 'password', username, password: secret };
}

/** Gives credentials to a helper. Throws `CREDENTIAL_HELPER_FAILED`. */
export async function storeInHelper(
  surroundings: Surroundings,
  name: string,
  server: string,
  credentials: Credentials,
): Promise<void> {
  const username = credentials.kind === 'password' ? credentials.username : tokenUser;
  const secret = credentials.kind === 'password' ? credentials.password : credentials.token;
  const input = JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
  const { code } = await runHelper(surroundings, name, 'store', input);
  if (code !== 0) throw helperFailed(name, 'store', `it ended with ${code ?? 'a signal'}`);
}

/** Removes what a helper keeps for `server`. Throws `CREDENTIAL_HELPER_FAILED`. */
export async function eraseFromHelper(surroundings: Surroundings, name: string, server: string): Promise<void> {
  const { code, stdout } = await runHelper(surroundings, name, 'erase', server);
  if (code !== 0 && !/credentials not found/i.test(stdout))
    throw helperFailed(name, 'erase', `it ended with ${code ?? 'a signal'}`);
}

interface HelperResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
}

async function runHelper(
  { env, signal }: Surroundings,
  name: string,
  verb: HelperVerb,
  input: string,
): Promise<HelperResult> {
  signal.throwIfAborted();
  // A name with a path in it would start a program that is no helper.
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(name)) throw helperFailed(name.slice(0, 100), verb, 'its name is not one');
  const child = spawn(`docker-credential-${name}`, [verb], {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  const abort = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', abort);
  try {
    const result = await new Promise<HelperResult>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        size += chunk.byteLength;
        if (size <= largestOutput) chunks.push(chunk);
      });
      child.once('error', (error) => reject(helperFailed(name, verb, startReason(error), error)));
      child.once('close', (code) => resolve({ code, stdout: Buffer.concat(chunks).toString('utf8') }));
      // A helper may end without reading.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
    signal.throwIfAborted();
    return result;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function startReason(error: unknown): string {
  const code = systemErrorCode(error);
  return code === 'ENOENT' ? 'it is not on the PATH' : `it cannot be started (${code ?? 'no reason given'})`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Says nothing of what the helper printed: it may be a secret. */
function helperFailed(name: string, verb: HelperVerb, reason: string, cause?: unknown): TareError {
  return new TareError({
    code: 'CREDENTIAL_HELPER_FAILED',
    message: `the program \`docker-credential-${name}\`, which keeps credentials, failed at \`${verb}\`: ${reason}`,
    expected: 'what docker-credential-helpers describes',
    hint: 'repair or install it, or remove it from `credsStore` and `credHelpers` in the configuration of docker or podman',
    ...(cause === undefined ? {} : { cause }),
  });
}
