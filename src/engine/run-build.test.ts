import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { engineContext, putProgram } from '../../test/support/engine-context.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { hostPlatform, renderPlatform } from '../oci/platform.ts';
import { runBuild } from './run-build.ts';

test('time that is over while the root is made ready is no fault of tare', async () => {
  const dir = await temporaryDir('run-build');
  const bin = await putProgram(`${dir}/bin`, 'unshare', 'exit 0');
  const context = engineContext(dir, { PATH: `${bin}:${process.env['PATH'] ?? ''}` });
  const outcome = await runBuild(context, {
    image: {
      layoutDir: dir,
      platform: renderPlatform(hostPlatform(context.host)),
      config: { env: [], cmd: [], user: '0:0', workingDir: '/' },
    },
    unpackRootfs: async () => {
      await sleep(1500);
      throw new Error('ended');
    },
    writeDockerArchive: () => Promise.reject(new Error('no engine that takes images is asked')),
    command: ['true'],
    env: {},
    volumes: [],
    seconds: 1,
  });
  expect(outcome).toMatchObject({ timedOut: true });
});
