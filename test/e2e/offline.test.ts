import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildImage, failingBuild, runTare, tareEnvironment } from '../support/cli.ts';
import { runCommand } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { copyProject } from '../support/example.ts';
import { cliPath, rootDir, temporaryDir } from '../support/paths.ts';

async function copyOf(name: string): Promise<string> {
  const project = join(await temporaryDir('offline'), name);
  await copyProject(join(rootDir, 'examples', name), project);
  return project;
}

describe('--offline', () => {
  for (const name of ['fastapi-hello', 'src-layout']) {
    test(`${name}: builds from the cache, on a machine without a network`, async (context) => {
      await requireComponent(context, 'root', 'namespaces');
      const project = await copyOf(name);
      const online = await buildImage(project);
      const args = ['--net', process.execPath, cliPath, 'build', project, '--offline', '--json'];
      const offline = await runCommand('unshare', args, { env: tareEnvironment() });
      expect(offline.code, offline.stderr).toBe(0);
      expect(JSON.parse(offline.stdout)).toMatchObject({ digest: online.digest, cache: { bytesDownloaded: 0 } });
    });
  }

  test('with an empty cache it says what is missing and what to do', async () => {
    const error = await failingBuild(await copyOf('fastapi-hello'), ['--offline'], {
      cacheDir: await temporaryDir('empty'),
    });
    expect(error).toMatchObject({ exit: 1, code: 'OFFLINE_MISSING' });
    expect(error.hint).toMatch(/--offline/);
  });

  test('plan with an empty cache makes nothing up', async () => {
    const project = await copyOf('src-layout');
    const options = { cacheDir: await temporaryDir('empty') };
    const planned = await runTare(['plan', project, '--offline', '--json'], options);
    expect(planned.code).toBe(1);
    expect(JSON.parse(planned.stdout)).toMatchObject({ error: { code: 'OFFLINE_MISSING' } });
  });
});
