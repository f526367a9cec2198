import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { runTare } from '../support/cli.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { type EngineScene, startEngineScene } from '../support/engine-scene.ts';
import { copyExample, type Example, readExamples } from '../support/example.ts';
import { temporaryDir } from '../support/paths.ts';

let scene: Promise<EngineScene> | undefined;
const openScene = (context: TestContext): Promise<EngineScene> => (scene ??= startEngineScene(context));
afterAll(async () => (await scene?.catch(() => undefined))?.stop());

const everyVariant = ['plain', 'cached', 'venv', 'wheels', 'uv'] as const;
/** buildctl comes after buildx: both give the same steps to the same BuildKit. */
const ways = [
  ...everyVariant.flatMap((variant) => (['buildx', 'buildctl'] as const).map((engine) => [variant, engine] as const)),
  ...everyVariant.map((variant) => [variant, 'docker'] as const),
  ['plain', 'podman'] as const,
  ['venv', 'buildah'] as const,
];

/** With `TARE_TEST_EVERY_EXAMPLE=1` the large one as well, which takes a quarter of an hour. */
const names = ['fastapi-hello', ...(process.env['TARE_TEST_EVERY_EXAMPLE'] === '1' ? ['ultralytics-serving'] : [])];

describe.each(names)('%s', (name) => {
  test.for(ways)('as `%s`, built by %s, answers', async ([variant, engine], context) => {
    const { env, buildkit } = await openScene(context);
    const example = (await readExamples()).find((one) => one.name === name) as Example;
    const dir = await temporaryDir(`way-${variant}-${engine}`);
    const project = join(dir, name);
    const layout = join(dir, 'image');
    await copyExample(example, project);
    const args = ['build', project, '--variant', variant, '--engine', engine, '-o', `oci:${layout}`];
    const own = engine === 'buildx' ? ['--builder', 'tare-test'] : [];
    const built = await runTare([...args, ...own], { env: { ...env, BUILDKIT_HOST: buildkit.address } });
    expect(built.code, built.stderr).toBe(0);
    const container = await runContainer(layout, example.expectation, ['--engine', 'runc']);
    try {
      await expectAnswers(container.url, example.expectation.container.requests, example.source);
    } finally {
      await container.process.stop();
      await rm(layout, { recursive: true, force: true });
    }
  });
});
