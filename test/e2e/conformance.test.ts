import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { servedImage } from '../../src/api/image/served.ts';
import { pushableLayout } from '../../src/api/registry/push-content.ts';
import { serveImage } from '../../src/serving/serve.ts';
import { buildImage } from '../support/cli.ts';
import { runCommand } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { copyExample, readExamples } from '../support/example.ts';
import { benchDir, makeTemporaryDir } from '../support/paths.ts';

let dir: string;

beforeAll(async () => {
  dir = await makeTemporaryDir('conformance');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** How the specification's tests call what a registry without pushes has. */
const readingInterfaces = [
  'Ping',
  'Tag listing',
  'Blob get',
  'Blob head',
  'Manifest get by digest',
  'Manifest get by tag',
  'Manifest head by digest',
  'Manifest head by tag',
  'Referrers',
];

test('the loopback registry passes the pull tests of the distribution specification with a built image', async (context) => {
  await requireComponent(context, 'oci-conformance');
  const example = (await readExamples()).find((one) => one.name === 'fastapi-hello');
  if (example === undefined) throw new Error('no such example');
  const project = join(dir, 'project');
  const layout = join(dir, 'image');
  await copyExample(example, project);
  await buildImage(project, ['--platform', 'linux/amd64,linux/arm64', '-o', `oci:${layout}`]);
  const pushable = await pushableLayout(layout, undefined);
  const { root, manifests, blobs } = pushable.content;
  const tags = ['latest', '1.0', '2.0', 'edge'];
  const registry = await serveImage(servedImage(pushable, 'team/hello', tags), {
    signal: new AbortController().signal,
  });
  try {
    const words = (items: readonly { readonly digest: string }[]) => items.map((one) => one.digest).join(' ');
    const { stdout } = await runCommand(join(benchDir, 'tools/bin/oci-conformance'), [], {
      cwd: dir,
      env: {
        PATH: process.env['PATH'],
        HOME: dir,
        OCI_VERSION: '1.1',
        OCI_REGISTRY: registry.host,
        OCI_TLS: 'disabled',
        OCI_REPO1: 'team/hello',
        OCI_API_PUSH: 'false',
        OCI_API_BLOBS_DELETE: 'false',
        OCI_API_MANIFESTS_DELETE: 'false',
        OCI_API_TAGS_DELETE: 'false',
        OCI_API_BLOBS_DIGEST_HEADER: 'true',
        OCI_RO_DATA_TAGS: tags.join(' '),
        OCI_RO_DATA_MANIFESTS: words([root, ...manifests]),
        OCI_RO_DATA_BLOBS: words(blobs),
        OCI_RO_DATA_REFERRERS: root.digest,
        OCI_RESULTS_DIR: join(dir, 'results'),
      },
    });
    // Its exit code tells nothing: without pushes it breaks when it writes its report, after all tests and their summary.
    expect(stdout).toMatch(/^OCI Conformance Result: Pass$/m);
    const summary = new Map(
      [...stdout.matchAll(/^ {2}([A-Z][^.\n]*)\.+: +(\S+)$/gm)].map(([, name = '', value]) => [name, value]),
    );
    expect(Object.fromEntries(readingInterfaces.map((name) => [name, summary.get(name)]))).toEqual(
      Object.fromEntries(readingInterfaces.map((name) => [name, 'Pass'])),
    );
    expect(summary.get('FAIL')).toBe('0');
    expect(summary.get('Error')).toBe('0');
    expect(summary.get('Skip')).toBe('0');
    // Each blob and manifest is asked for and pulled, and each tag.
    expect(Number(summary.get('Pass'))).toBeGreaterThan(2 * (blobs.length + manifests.length + tags.length));
  } finally {
    await registry.close();
  }
});
