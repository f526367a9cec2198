import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImage, failingBuild } from '../support/cli.ts';
import { requireComponent } from '../support/components.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { copyExample, type Example, readExamples } from '../support/example.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { requirePythonBase } from '../support/python-base.ts';

/** The service whose libraries Debian has to bring, on the bases that `examples.test.ts` does not try. */
let dir: string;
let project: string;
let example: Example;
beforeAll(async () => {
  dir = await makeTemporaryDir('other-bases');
  project = join(dir, 'app');
  const found = (await readExamples()).find((one) => one.name === 'ultralytics-serving');
  if (found === undefined) throw new Error('the example is not there');
  example = found;
  await copyExample(example, project);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Builds, runs, and makes every request of `expect.json`. */
async function expectBuiltAndAnswering(name: string, flags: readonly string[]) {
  const layout = join(dir, name);
  const report = await buildImage(project, [...flags, '-o', `oci:${layout}`]);
  const running = await runContainer(layout, example.expectation, ['--engine', 'runc']);
  try {
    await expectAnswers(running.url, example.expectation.container.requests, example.source);
  } finally {
    await running.process.stop();
  }
  return report;
}

describe('examples/ultralytics-serving', () => {
  test('answers on Debian bookworm with Python 3.11', async (context) => {
    await requireComponent(context, 'runc');
    const report = await expectBuiltAndAnswering('bookworm', ['--python', '3.11']);
    const kinds = report.platforms.flatMap((one) => one.layers.map((layer) => layer.kind));
    expect(kinds.slice(0, 3)).toEqual(['base', 'bytecode', 'system']);
  });

  test.for(['bookworm', 'trixie'] as const)('answers on an image like python:3.12-slim-%s', async (suite, context) => {
    await requireComponent(context, 'runc');
    const base = await requirePythonBase(context, '3.12', suite);
    const flags = ['--base', `oci:${base.layout}`, '--python', '3.12'];
    const report = await expectBuiltAndAnswering(`slim-${suite}`, flags);
    const system = report.platforms[0]?.layers.filter((layer) => layer.kind === 'system') ?? [];
    expect(system).toHaveLength(1);
  });

  test('without a package that it needs it is not built: the chain is named, and the image before it stays', async () => {
    const before = join(dir, 'before');
    const first = await buildImage(project, ['-o', `oci:${before}`]);
    const index = await readFile(join(before, 'index.json'), 'utf8');
    const without = ['--exclude-system-package', 'libglx0'];
    const failed = await failingBuild(project, [...without, '-o', `oci:${before}`]);
    expect([failed.code, failed.exit]).toEqual(['IMAGE_UNSOUND', 1]);
    expect(failed.stderr).toMatch(/opencv-python.*libGL\.so\.1.*libGLX\.so\.0/s);
    expect(await readFile(join(before, 'index.json'), 'utf8')).toBe(index);
    expect(index).toContain(first.digest);
    expect((await readdir(dir)).filter((name) => /^before./.test(name))).toEqual([]);
  });
});
