import { spawn } from 'node:child_process';
import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { listPrograms, notStarted, runProgram } from './program.ts';

/** Engines whose own images can be had as an archive. */
export type ImageStore = 'docker' | 'podman';

const patienceSeconds = 30;
/** Of what an engine says when it fails. */
const mostSaid = 2000;

/**
 * The archive of an image that an engine has (`docker save`, `podman save`), as it streams. Throws `ENGINE_IMAGE_MISSING`, `ENGINE_FAILED`,
 * `PROGRAM_NOT_STARTED`.
 */
export async function* saveImage(context: Context, engine: ImageStore, name: string): AsyncGenerator<Uint8Array> {
  const program = await findStore(context, engine, name);
  const child = spawn(program, ['save', name], { env: { ...context.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(program, error)));
    child.once('close', resolve);
  });
  ended.catch(() => undefined);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-mostSaid)));
  const abort = (): void => void child.kill('SIGTERM');
  context.signal.addEventListener('abort', abort);
  try {
    for await (const chunk of child.stdout) if (chunk instanceof Uint8Array) yield chunk;
    if ((await ended) !== 0) throw saveFailed(engine, name, said);
  } finally {
    context.signal.removeEventListener('abort', abort);
    abort();
  }
}

/** The program that has the image: a client may come first on PATH whose engine does not answer. */
async function findStore(context: Context, engine: ImageStore, name: string): Promise<string> {
  let said: string | undefined;
  // What begins with `-` would be an option.
  if (/^[\w[]/.test(name)) {
    for await (const path of listPrograms(context, [engine])) {
      const options = { env: context.env, timeoutSeconds: patienceSeconds, signal: context.signal };
      const { code, stderr } = await runProgram(path, ['image', 'inspect', '--format', '{{.Id}}', name], options);
      if (code === 0) return path;
      said = stderr.trim();
    }
  }
  throw new TareError({
    code: 'ENGINE_IMAGE_MISSING',
    message: `${engine} has no image \`${name.slice(0, 200)}\`${said === undefined ? '' : `: ${said.slice(0, mostSaid)}`}`,
    hint: `see \`${engine} images\`; an image of a registry is named by \`docker://REFERENCE\``,
  });
}

function saveFailed(engine: ImageStore, name: string, said: string): TareError {
  return new TareError({
    code: 'ENGINE_FAILED',
    message: `${engine} did not save the image \`${name}\`: ${said.trim() === '' ? 'it gives no reason' : said.trim()}`,
    hint: `try \`${engine} save ${name} -o image.tar\``,
  });
}
