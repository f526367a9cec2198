import type { Log } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import type { EngineName } from './run-request.ts';

/** That an engine which answers did not start the container. Another may. */
export function engineFailed(engine: EngineName, doing: string, said: string): TareError {
  return new TareError({
    code: 'ENGINE_FAILED',
    message: `${engine} did not ${doing}: ${said.trim() === '' ? 'it gives no reason' : said.trim().slice(0, 2000)}`,
    hint: 'try another: --engine docker, podman, runc or namespaces',
  });
}

/** That the command is not in the image. */
export function commandNotFound(command: string, platform: string): TareError {
  return new TareError({
    code: 'COMMAND_NOT_FOUND',
    message: `the image for ${platform} has no program \`${command}\``,
    hint: 'give a program that is in the image, by its absolute path or found on its PATH',
  });
}

/** Nobody waits for a signal to be passed on; that it could not be is said. */
export function reportFailure(log: Log, sending: Promise<void>): void {
  sending.catch((error: unknown) => {
    log.warn(`a signal was not passed on: ${error instanceof Error ? error.message : String(error)}`);
  });
}
