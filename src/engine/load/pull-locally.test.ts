import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineContext, putProgram } from '../../../test/support/engine-context.ts';
import { temporaryDir } from '../../../test/support/paths.ts';
import { sha256 } from '../../base/digest.ts';
import { isTareError } from '../../base/errors.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { parseReference } from '../../oci/reference.ts';
import type { ServedImage } from '../../serving/served-image.ts';
import type { LoadClient } from './load-client.ts';
import { dockerCommands } from './load-commands.ts';
import { loadImage } from './load-image.ts';
import { pullLocally } from './pull-locally.ts';

const digest = sha256('manifest');
const image: ServedImage = { repository: 'shop', tags: new Map(), manifests: new Map(), blobs: new Map() };

/** A docker that notes what it is told, and then does what `script` says. */
async function scriptedDocker(script: string) {
  const dir = await temporaryDir('scripted');
  const bin = await putProgram(join(dir, 'bin'), 'docker', `echo "$1" >> ${join(dir, 'told')}\n${script}`);
  const client: LoadClient = {
    name: 'docker',
    path: join(bin, 'docker'),
    env: { PATH: process.env['PATH'] },
    platform: parsePlatform('linux/amd64'),
    commands: dockerCommands,
  };
  const context = engineContext(dir, {});
  const told = async () => (await readFile(join(dir, 'told'), 'utf8')).trim().split('\n');
  return { dir, client, context, told };
}

describe('an engine that cannot pull', () => {
  test('because it hangs is not waited for', async () => {
    const { dir, client, context, told } = await scriptedDocker('test "$1" != pull || exec sleep 600');
    const pull = { image, digest, name: 'shop:1', room: dir, patienceSeconds: 0.2, advance: () => undefined };
    expect(await pullLocally(context, client, pull)).toMatchObject({
      reason: expect.stringMatching(/^docker did not ask at 127\.0\.0\.1:\d+ in 0\.2 s$/),
    });
    expect(await told()).toEqual(['pull', 'rmi']);
  });

  const request = {
    image,
    platform: parsePlatform('linux/amd64'),
    digest,
    layers: [sha256('layer')],
    reference: parseReference('shop'),
    writeArchive: async () => {
      throw new Error('there is no archive');
    },
  };

  test('gets an archive, and a failure to write that is a failure', async () => {
    const { client, context } = await scriptedDocker('test "$1" != pull || { echo "no plain HTTP" >&2; exit 1; }');
    await expect(loadImage(context, client, request)).rejects.toThrow('there is no archive');
    expect(context.said).toEqual([
      'docker cannot pull from this machine, so it gets the whole image as an archive: no plain HTTP',
    ]);
  });

  test('nor read the archive is an error with its reason, and no room is left', async () => {
    const { client, context, told } = await scriptedDocker('echo "no space left" >&2; exit 1');
    const failure = await loadImage(context, client, { ...request, writeArchive: async () => undefined }).catch(
      (error: unknown) => error,
    );
    expect(isTareError(failure) && failure.code).toBe('LOAD_FAILED');
    expect(failure).toMatchObject({ message: 'docker did not take the image: no space left' });
    expect(await told()).toEqual(['pull', 'rmi', 'load']);
  });
});

test('an image that cannot be named is taken out again', async () => {
  const { dir, client, context, told } = await scriptedDocker('test "$1" != tag || { echo "bad name" >&2; exit 1; }');
  const pull = { image, digest, name: 'shop:1', room: dir, advance: () => undefined };
  expect(await pullLocally(context, client, pull)).toEqual({ reason: 'bad name' });
  expect(await told()).toEqual(['pull', 'tag', 'rmi']);
});

test('an interrupted pull is ended, and what may have come of it is removed', async () => {
  const controller = new AbortController();
  const { dir, client, told } = await scriptedDocker('test "$1" != pull || exec sleep 600');
  const context = engineContext(dir, {}, { signal: controller.signal });
  const pulling = pullLocally(context, client, { image, digest, name: 'shop:1', room: dir, advance: () => undefined });
  setTimeout(() => controller.abort(new Error('interrupted')), 300);
  await expect(pulling).rejects.toThrow('interrupted');
  expect((await told()).at(-1)).toBe('rmi');
});
