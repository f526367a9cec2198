import type { Context } from '../../base/context.ts';
import { redact } from '../../base/redact.ts';
import { serveImage } from '../../serving/serve.ts';
import type { ServedImage } from '../../serving/served-image.ts';
import { type ProgramResult, runProgram } from '../program.ts';
import type { LoadClient } from './load-client.ts';

export interface LocalPull {
  readonly image: ServedImage;
  /** Of the manifest to pull. */
  readonly digest: string;
  /** Where it is not the engine's own. */
  readonly platform?: string;
  /** What the engine is to call it. */
  readonly name: string;
  /** An existing folder, for what podman unpacks on the way: of a pull that is interrupted it leaves that behind. */
  readonly room: string;
  /** For how long the engine may ask for nothing. @default 20 */
  readonly patienceSeconds?: number;
  readonly advance: (bytes: number) => void;
}

/** What must be known of an engine to let it pull. */
export type PullingClient = Pick<LoadClient, 'name' | 'path' | 'env' | 'commands'>;

/** Bytes that went over by digest; or why the engine could not have the image this way. */
export type LocalPullOutcome = { readonly sent: ReadonlyMap<string, number> } | { readonly reason: string };

/** An engine asks at once, or it cannot reach this machine. */
const usualPatience = 20;
const tidyingSeconds = 30;

/** Lets an engine pull from a registry on a loopback port that exists meanwhile. Where it fails, the engine is as it was. */
export async function pullLocally(context: Context, caller: PullingClient, pull: LocalPull): Promise<LocalPullOutcome> {
  const registry = await serveImage(pull.image, { signal: context.signal, advance: pull.advance });
  const source = `${registry.host}/${pull.image.repository}@${pull.digest}`;
  const client = { ...caller, env: { ...caller.env, TMPDIR: pull.room } };
  const { commands } = client;
  const patienceSeconds = pull.patienceSeconds ?? usualPatience;
  // Also where it is interrupted: the engine may have ended the pull just before.
  let tidying = commands.remove;
  try {
    const pulled = await runUntilAsked(context, client, {
      args: commands.pull(source, pull.platform),
      asked: registry.asked,
      patienceSeconds,
    });
    if (pulled === 'unasked')
      return { reason: `${client.name} did not ask at ${registry.host} in ${patienceSeconds} s` };
    if (pulled.code !== 0) return { reason: reasonOf(pulled) };
    const tagged = await runProgram(client.path, commands.tag(source, pull.name), { env: client.env });
    if (tagged.code !== 0) return { reason: reasonOf(tagged) };
    tidying = commands.untag;
    return { sent: new Map(registry.sent()) };
  } finally {
    await runProgram(client.path, tidying(source), { env: client.env, timeoutSeconds: tidyingSeconds });
    await registry.close();
  }
}

interface Asking {
  readonly args: readonly string[];
  readonly asked: Promise<void>;
  readonly patienceSeconds: number;
}

/** Runs a pull to its end, but not for long where nobody asks the registry. */
async function runUntilAsked(
  context: Context,
  client: PullingClient,
  { args, asked, patienceSeconds }: Asking,
): Promise<ProgramResult | 'unasked'> {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), patienceSeconds * 1000);
  void asked.then(() => clearTimeout(timer));
  try {
    const signal = AbortSignal.any([context.signal, impatience.signal]);
    return await runProgram(client.path, args, { env: client.env, signal });
  } catch (error) {
    if (impatience.signal.aborted && !context.signal.aborted) return 'unasked';
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** One line that says why an engine gets all of an image. */
export function renderFallback(client: PullingClient, reason: string): string {
  return `${client.name} cannot pull from this machine, so it gets the whole image as an archive: ${reason}`;
}

const longestReason = 300;

/** The last thing that a program said: its other lines are progress. */
export function reasonOf({ stdout, stderr, code }: Pick<ProgramResult, 'stdout' | 'stderr' | 'code'>): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  const last = lines.at(-1)?.trim() ?? `it ended with ${code ?? 'a signal'} and gave no reason`;
  return redact(last.replace(/^(?:ctr: |Error response from daemon: |Error: )+/, '')).slice(0, longestReason);
}
