import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { createContext, type MeteredContext } from '../../src/api/context.ts';
import { pull } from '../../src/api/pull.ts';
import { pushImages } from '../../src/api/push.ts';
import type { TareError } from '../../src/base/errors.ts';
import { createHttpClient } from '../../src/http/client.ts';
import type { Image } from '../../src/oci/image.ts';
import { type FaultyRegistry, startFaultyRegistry } from './faulty-registry.ts';
import { makeTemporaryDir } from './paths.ts';
import { makeTinyImage } from './tiny-image.ts';

type Environment = Readonly<Record<string, string>>;

/** A registry with faults, an image, and a place for everything, anew for each test of a file. */
export interface RegistryScene {
  dir: string;
  registry: FaultyRegistry;
  /** One layer that is sent as a stream, one that goes in one request. */
  image: Image;
}

/** Call it once, at the top of a test file. */
export function useRegistryScene(): RegistryScene {
  const scene = {} as RegistryScene;
  beforeEach(async () => {
    scene.dir = await makeTemporaryDir('registry-test');
    scene.registry = await startFaultyRegistry();
    scene.image = await makeTinyImage(join(scene.dir, 'blobs'), [
      [{ name: 'large', content: randomBytes(1_500_000).toString('base64') }],
      [{ name: 'small', content: 'x' }],
    ]);
  });
  afterEach(async () => {
    await scene.registry.stop();
    for (const close of others.splice(0)) close();
    await rm(scene.dir, { recursive: true, force: true });
  });
  return scene;
}

const others: (() => void)[] = [];

/** A context whose client does not wait long. */
export function makeContext(dir: string, cache = 'cache', env: Environment = {}): MeteredContext {
  const context = createContext({ env: { HOME: join(dir, 'home'), ...env }, cacheDir: join(dir, cache) });
  const http = createHttpClient({
    env: context.env,
    userAgent: 'tare/test',
    retry: { attempts: 3, pauseMs: 1, longestPauseMs: 2000 },
    timeouts: { connect: 2000, answer: 700, silence: 700 },
  });
  return { ...context, http };
}

export function pushTo(scene: RegistryScene, name: string, env?: Environment, cache?: string) {
  return pushImages([scene.image], `${scene.registry.host}/${name}`, {}, makeContext(scene.dir, cache, env));
}

/** To `oci:pulled`, with a cache of its own. */
export function pullFrom(scene: RegistryScene, name: string, env?: Environment) {
  const options = { folder: scene.dir, output: 'oci:pulled' };
  return pull(`${scene.registry.host}/${name}`, options, makeContext(scene.dir, 'pull-cache', env));
}

/** The error of what must fail. */
export function failure(work: Promise<unknown>): Promise<TareError> {
  return work.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: TareError) => error,
  );
}

/** Another server, until the end of the test. Gives its origin. */
export async function serveOther(
  listener: (url: string, response: ServerResponse, headers: Record<string, unknown>) => void,
): Promise<string> {
  const server = createServer((request, response) => listener(request.url ?? '', response, request.headers));
  others.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}
