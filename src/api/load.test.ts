import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineContext } from '../../test/support/engine-context.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { makeTinyImage } from '../../test/support/tiny-image.ts';
import type { LoadClient } from '../engine/load/load-client.ts';
import { dockerCommands } from '../engine/load/load-commands.ts';
import { parsePlatform } from '../oci/platform.ts';
import { loadImages } from './load.ts';

test('of several platforms one must be the engine’s', async () => {
  const dir = await temporaryDir('load-platforms');
  const images = [];
  for (const platform of ['linux/amd64', 'linux/arm/v7'])
    images.push(await makeTinyImage(join(dir, 'blobs'), [[{ name: 'a', content: 'a' }]], platform));
  const client: LoadClient = {
    name: 'docker',
    path: join(dir, 'never-started'),
    env: {},
    platform: parsePlatform('linux/arm64'),
    commands: dockerCommands,
  };
  await expect(loadImages(images, 'shop:1', client, engineContext(dir, {}))).rejects.toMatchObject({
    code: 'LOAD_PLATFORM_MISSING',
    message: 'docker runs linux/arm64, which is none of the image’s platforms',
    actual: 'linux/amd64, linux/arm/v7',
  });
});
