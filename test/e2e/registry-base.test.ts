import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as v from 'valibot';
import { buildImage, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { writeProject } from '../support/example.ts';
import { readLayout } from '../support/image.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { requirePythonBase } from '../support/python-base.ts';
import { startRegistry } from '../support/registry.ts';

const report = v.object({ pushed: v.object({ uploaded: v.number(), mounted: v.number() }) });

test('an image of a registry is a base: its layers stay, and are mounted where the result is pushed', async (context) => {
  await requireComponent(context, 'skopeo');
  await requireComponent(context, 'registry');
  const base = await requirePythonBase(context, '3.12', 'trixie');
  const dir = await makeTemporaryDir('registry-base');
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  const name = `${registry.host}/bases/python:3.12-slim`;
  await mustRun('skopeo', ['copy', '--dest-tls-verify=false', `oci:${base.layout}`, `docker://${name}`]);
  const project = await writeProject(join(dir, 'shop'), {
    'main.py': 'import sys\nprint("python", sys.version_info[:2])\n',
    'tare.toml': 'entrypoint = "main.py"\n',
  });
  const env = { DOCKER_CONFIG: dir, XDG_CONFIG_HOME: dir, XDG_RUNTIME_DIR: dir };
  const fromLayout = await buildImage(project, ['--base', `oci:${base.layout}`, '-o', `oci:${join(dir, 'one')}`], {
    env,
  });
  const args = [
    '--base',
    `docker://${name}`,
    '-o',
    `oci:${join(dir, 'two')}`,
    '-t',
    `${registry.host}/team/shop:1`,
    '--push',
  ];
  const before = registry.log().length;
  const built = await runTare(['build', project, '--json', ...args], { env });
  expect(built.code, built.stderr).toBe(0);
  const [first] = (await readLayout(join(dir, 'one'))).values();
  const [second] = (await readLayout(join(dir, 'two'))).values();
  expect(second?.layers).toEqual(first?.layers);
  const { pushed } = v.parse(report, JSON.parse(built.stdout));
  const ofBase = fromLayout.platforms[0]?.layers.filter((layer) => layer.kind === 'base').length ?? 0;
  expect(ofBase).toBeGreaterThan(0);
  expect(pushed.mounted).toBe(ofBase);
  expect(pushed.uploaded).toBe((second?.layers.length ?? 0) - ofBase + 1);
  expectMounted(
    registry.log().slice(before).map(decodeURIComponent),
    fromLayout.platforms[0]?.layers.filter((layer) => layer.kind === 'base').map((layer) => layer.digest) ?? [],
  );
  const ran = await runTare(['run', join(dir, 'two'), '--engine', 'runc']);
  expect(ran.stdout).toContain('python (3, 12)');
});

/** The registry's own log: each layer was mounted and none was sent; the tag of the base, which may move, was asked for once. */
function expectMounted(log: readonly string[], layers: readonly string[]): void {
  const toShop = log.filter((line) => line.includes(' /v2/team/shop/blobs/'));
  for (const digest of layers) {
    const lines = toShop.filter((line) => line.includes(digest));
    expect(lines.filter((line) => line.startsWith('POST ') && line.includes('from=bases/python'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('POST ')).every((line) => line.endsWith(' 201'))).toBe(true);
    expect(lines.filter((line) => line.startsWith('PUT '))).toEqual([]);
  }
  expect(log.filter((line) => line.includes('/v2/bases/python/manifests/3.12-slim '))).toHaveLength(1);
}
