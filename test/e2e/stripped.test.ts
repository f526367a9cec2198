import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { buildImage, runTare, startTare } from '../support/cli.ts';
import { waitUntilHealthy } from '../support/container.ts';
import { copyProject } from '../support/example.ts';
import { freePort, request } from '../support/http.ts';
import { readLayout, readRootfs } from '../support/image.ts';
import { rootDir, temporaryDir } from '../support/paths.ts';

/** Builds one of the small applications stripped; gives the layout and the application's modules in the image. */
async function buildStripped(name: string, args: readonly string[] = []) {
  const dir = join(await temporaryDir('stripped'), name);
  await copyProject(join(rootDir, 'test/applications', name), dir);
  const layout = join(dir, '.tare', 'image');
  await buildImage(dir, ['--sources', 'strip', '--platform', platform, ...args]);
  const [image] = (await readLayout(layout)).values();
  if (image === undefined) throw new Error('no image');
  const files = [...(await readRootfs(layout, image)).keys()];
  const modules = files.filter(
    (path) => path.startsWith('app/') && /\.pyc?$/.test(path) && !path.includes('__pycache__'),
  );
  return { dir, layout, modules };
}

const platform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';

/** Serves the image, after a command in the same container where one is given; gives what `/` answers. */
async function answerOf(layout: string, command: readonly string[] = []): Promise<unknown> {
  const port = await freePort();
  const serve = 'exec gunicorn --bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm app:app';
  const line = command.length === 0 ? serve : `${command.join(' ')} && ${serve}`;
  const started = startTare(['run', layout, '-p', `${port}:8000`, '--engine', 'runc', '--', 'sh', '-c', line]);
  onTestFinished(async () => {
    await started.stop();
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntilHealthy(`${url}/healthz`, started, 60_000);
  return JSON.parse((await request(`${url}/`)).body.toString('utf8'));
}

describe('Flask with migrations and plug-ins', () => {
  test('keeps the revisions and the plug-ins, applies and finds them', async () => {
    const { dir, layout, modules } = await buildStripped('flask-migrations');
    expect(modules).toEqual([
      'app/app.pyc',
      'app/migrations/env.pyc',
      'app/migrations/versions/0001_notes.py',
      'app/migrations/versions/0002_author.py',
      'app/plugins/__init__.py',
      'app/plugins/bold.py',
      'app/plugins/links.py',
    ]);
    const { stdout } = await runTare(['plan', dir, '--sources', 'strip', '--files', '--platform', platform]);
    expect(stdout).toMatch(/plugins\/bold\.py .*\(app\.py:21\)/);
    expect(stdout).toMatch(/migrations\/versions\/0001_notes\.py .*\(migrations\//);
    expect(await answerOf(layout, ['flask', 'db', 'upgrade'])).toEqual({
      plugins: ['Bold', 'Links'],
      revision: '0002',
    });
  });

  test('forced, they are stripped with a warning each, and nothing is found any more', async () => {
    const { dir, layout, modules } = await buildStripped('flask-migrations', ['--strip-source', '*.py']);
    expect(modules.filter((path) => path.endsWith('.py'))).toEqual([]);
    const planned = await runTare([
      'plan',
      dir,
      '--sources',
      'strip',
      '--strip-source',
      '*.py',
      '--platform',
      platform,
    ]);
    expect(planned.stdout).toContain('`plugins/bold.py` is stripped as asked, and may fail without its source');
    expect(await answerOf(layout, ['flask', 'db', 'upgrade'])).toEqual({ plugins: [], revision: null });
  });
});

describe('a function that numba caches', () => {
  test('keeps its source, and answers', async () => {
    const { layout, modules } = await buildStripped('numba-cached');
    expect(modules).toEqual(['app/app.pyc', 'app/kernels.py', 'app/labels.pyc']);
    expect(await answerOf(layout)).toEqual({ label: 'small', sum: 285 });
  });
});
