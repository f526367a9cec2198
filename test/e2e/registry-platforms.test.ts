import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildReport, buildImage } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { hasComponent, requireComponent } from '../support/components.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { startDockerd, type TestDocker } from '../support/dockerd.ts';
import { copyExample, readExamples } from '../support/example.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const platforms = ['linux/amd64', 'linux/arm64'];
const own = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
const other = own === 'linux/amd64' ? 'linux/arm64' : 'linux/amd64';

const indexSchema = v.object({
  mediaType: v.literal('application/vnd.oci.image.index.v1+json'),
  manifests: v.array(
    v.object({ digest: v.string(), platform: v.object({ os: v.string(), architecture: v.string() }) }),
  ),
});
const manifestSchema = v.object({ layers: v.array(v.object({ digest: v.string() })) });

let dir: string;
let registry: TestRegistry | undefined;
let docker: TestDocker | undefined;

beforeAll(async () => {
  dir = await makeTemporaryDir('registry-platforms');
  if (await hasComponent('registry')) registry = await startRegistry();
  if (await hasComponent('docker')) docker = await startDockerd();
});
afterAll(async () => {
  await docker?.stop();
  await registry?.stop();
  await rm(dir, { recursive: true, force: true });
});

const inspectRaw = async (name: string): Promise<unknown> =>
  JSON.parse(await mustRun('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name}`]));

for (const example of await readExamples()) {
  if (!['fastapi-hello', 'ultralytics-serving'].includes(example.name)) continue;
  describe(`examples/${example.name}, built for two platforms and pushed by one command`, () => {
    const { given, container } = example.expectation;
    let name: string;
    let report: BuildReport;
    const env = () => ({ DOCKER_CONFIG: dir, XDG_CONFIG_HOME: dir, XDG_RUNTIME_DIR: dir });

    beforeAll(async () => {
      if (registry === undefined) return;
      name = `${registry.host}/team/${example.name}:1`;
      const project = join(dir, example.name);
      await copyExample(example, project);
      const args = ['--platform', platforms.join(','), '-t', name, '--push', '-o', `oci:${project}-image`];
      report = await buildImage(project, [...args, ...given.args], { env: env() });
    });

    test('is an index there, of the two images that were built', async (context) => {
      await requireComponent(context, 'registry', 'skopeo');
      const { manifests } = v.parse(indexSchema, await inspectRaw(name));
      expect(manifests.map(({ digest, platform: { os, architecture } }) => [`${os}/${architecture}`, digest])).toEqual(
        report.platforms.map(({ platform, digest }) => [platform, digest]),
      );
    });

    test('has the layers of pure wheels as the same blobs in both', async (context) => {
      await requireComponent(context, 'registry', 'skopeo');
      const layersOf = async (digest: string) => {
        const manifest = v.parse(manifestSchema, await inspectRaw(`${name.slice(0, name.lastIndexOf(':'))}@${digest}`));
        return manifest.layers.map((layer) => layer.digest);
      };
      const [first = [], second = []] = await Promise.all(report.platforms.map(({ digest }) => layersOf(digest)));
      const shared = new Set(first.filter((digest) => second.includes(digest)));
      for (const { layers } of report.platforms) {
        const wheels = layers.filter((layer) => layer.kind === 'wheels');
        const filesOf = (isShared: boolean) =>
          wheels.filter(({ digest }) => shared.has(digest) === isShared).flatMap((layer) => layer.contents);
        expect(filesOf(true).length).toBeGreaterThan(5);
        expect(filesOf(true).filter((file) => !file.endsWith('-any.whl'))).toEqual([]);
        expect(filesOf(false).filter((file) => file.endsWith('-any.whl'))).toEqual([]);
        expect(filesOf(false).length).toBeGreaterThanOrEqual(example.expectation.plan.wheels.native.length);
      }
      // Each such blob went over the wire once.
      const uploads =
        registry?.log().filter((line) => line.startsWith('PUT ') && line.includes('/blobs/uploads/')) ?? [];
      for (const digest of shared) {
        const sent = uploads.filter((line) => decodeURIComponent(line).includes(digest));
        expect(sent.filter((line) => line.includes(`/team/${example.name}/`)).length).toBeLessThanOrEqual(1);
      }
    });

    test('gives docker the image of its own platform, and the other where it is asked for', async (context) => {
      await requireComponent(context, 'registry', 'docker');
      const architecture = () =>
        docker?.docker(['image', 'inspect', '--format', '{{.Os}}/{{.Architecture}}', name]).then((text) => text.trim());
      await docker?.docker(['pull', '--quiet', name]);
      expect(await architecture()).toBe(own);
      await docker?.docker(['pull', '--quiet', '--platform', other, name]);
      expect(await architecture()).toBe(other);
    });

    test('answers on the other platform, pulled from there, under an emulator', async (context) => {
      await requireComponent(context, 'registry', 'runc', 'qemu-aarch64');
      const args = ['--engine', 'runc', '--platform', other];
      const running = await runContainer(`docker://${name}`, example.expectation, args, {
        env: env(),
        patience: 300_000,
      });
      try {
        await expectAnswers(running.url, container.requests, example.source);
      } finally {
        await running.process.stop();
      }
    });
  });
}
