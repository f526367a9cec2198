import type { Context } from '../base/context.ts';
import { type ProgramResult, runProgram } from './program.ts';

/** The command of an engine that speaks as docker does. */
export interface EngineClient {
  readonly name: 'docker' | 'podman';
  /** Absolute path. */
  readonly path: string;
  /** The engine has no bridge network, so that ports cannot be published. */
  readonly hostNetwork: boolean;
  /** Resource limits to ask for, by name, `soft:hard`. */
  readonly limits?: Readonly<Record<string, string>>;
}

/** Runs its command to the end. */
export async function ask(context: Context, client: EngineClient, args: readonly string[]): Promise<ProgramResult> {
  return runProgram(client.path, args, { env: context.env });
}
