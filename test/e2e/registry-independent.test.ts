import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildReport, buildImage, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { hasComponent, requireComponent } from '../support/components.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { copyExample, type Example, readExamples } from '../support/example.ts';
import { readLayout } from '../support/image.ts';
import { type IndependentRegistry, startIndependentRegistry } from '../support/independent-registry.ts';
import { makeTemporaryDir } from '../support/paths.ts';

/** The registry of go-containerregistry: written by others than docker-registry, with habits of its own. */
describe('a registry that shares nothing with docker-registry', () => {
  const platforms = ['linux/amd64', 'linux/arm64'];
  let dir: string;
  let example: Example;
  let registry: IndependentRegistry | undefined;
  let report: BuildReport;
  let name: string;
  const env = () => ({ DOCKER_CONFIG: dir, XDG_CONFIG_HOME: dir, XDG_RUNTIME_DIR: dir });

  beforeAll(async () => {
    dir = await makeTemporaryDir('registry-independent');
    if (!(await hasComponent('go-registry'))) return;
    registry = await startIndependentRegistry();
    example = (await readExamples()).find((one) => one.name === 'fastapi-hello') as Example;
    const project = join(dir, 'hello');
    await copyExample(example, project);
    name = `${registry.host}/team/hello:1`;
    const args = ['--platform', platforms.join(','), '-t', name, '--push', '-o', `oci:${join(dir, 'built')}`];
    report = await buildImage(project, args, { env: env() });
  });
  afterAll(async () => {
    await registry?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('gives skopeo back what was built, by the same digests', async (context) => {
    await requireComponent(context, 'go-registry', 'skopeo');
    const copy = join(dir, 'copied');
    await mustRun('skopeo', ['copy', '-q', '--all', '--src-tls-verify=false', `docker://${name}`, `oci:${copy}`]);
    const index = v.parse(
      v.object({ manifests: v.array(v.object({ digest: v.string() })) }),
      JSON.parse(await readFile(join(copy, 'index.json'), 'utf8')),
    );
    expect(index.manifests.map((one) => one.digest)).toEqual([report.digest]);
    const [built, copied] = [await readLayout(join(dir, 'built')), await readLayout(copy)];
    expect([...copied.keys()].sort()).toEqual(platforms);
    for (const [platform, image] of built) expect(copied.get(platform)).toEqual(image);
  });

  test('gives tare back the same, and is pushed nothing twice', async (context) => {
    await requireComponent(context, 'go-registry');
    const pulled = await runTare(['pull', name, '-o', `oci:${join(dir, 'pulled')}`, '--json'], { env: env() });
    expect(JSON.parse(pulled.stdout)).toMatchObject({ digest: report.digest });
    const again = await runTare(['push', `oci:${join(dir, 'pulled')}`, name, '--json'], { env: env() });
    expect(JSON.parse(again.stdout)).toMatchObject({ digest: report.digest, isUnchanged: true, requests: 1 });
    const elsewhere = `${registry?.host ?? ''}/other/hello:2`;
    const moved = await runTare(['push', `oci:${join(dir, 'pulled')}`, elsewhere, '--json'], { env: env() });
    expect(JSON.parse(moved.stdout), moved.stderr).toMatchObject({ digest: report.digest });
  });

  test.for(platforms)('its image for %s answers', async (platform, context) => {
    await requireComponent(context, 'go-registry', 'runc', 'qemu-aarch64');
    const args = ['--engine', 'runc', '--platform', platform];
    const running = await runContainer(`docker://${name}`, example.expectation, args, {
      env: env(),
      patience: 300_000,
    });
    try {
      await expectAnswers(running.url, example.expectation.container.requests, example.source);
    } finally {
      await running.process.stop();
    }
  });
});
