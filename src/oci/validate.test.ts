import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTar } from '../../test/support/tiny-image.ts';
import { mkdir } from 'node:fs/promises';
import { type Digest, digestHex, sha256 } from '../base/digest.ts';
import { validateLayout } from './validate.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tare-validate-'));
  await mkdir(join(dir, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
});

afterEach(() => rm(dir, { recursive: true }));

const pathOf = (digest: Digest): string => join(dir, 'blobs', 'sha256', digestHex(digest));

async function blob(content: Uint8Array | string, mediaType: string, extra: object = {}) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const digest = sha256(bytes);
  await writeFile(pathOf(digest), bytes);
  return { mediaType, digest, size: bytes.byteLength, ...extra };
}

async function layout(
  changes: { readonly diffIds?: readonly string[]; readonly layerType?: string; readonly platform?: object } = {},
) {
  const tar = await makeTar([{ name: 'a', content: 'hello' }]);
  const layer = await blob(gzipSync(tar), changes.layerType ?? 'application/vnd.oci.image.layer.v1.tar+gzip');
  const rootfs = { type: 'layers', diff_ids: changes.diffIds ?? [sha256(tar)] };
  const config = await blob(
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs }),
    'application/vnd.oci.image.config.v1+json',
  );
  const manifest = await blob(
    JSON.stringify({ schemaVersion: 2, config, layers: [layer] }),
    'application/vnd.oci.image.manifest.v1+json',
    {
      platform: changes.platform ?? { os: 'linux', architecture: 'amd64' },
    },
  );
  await writeFile(join(dir, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  return { layer, config, manifest };
}

async function kinds(): Promise<readonly string[]> {
  return (await validateLayout(dir)).map((finding) => finding.kind);
}

test('a good layout has no findings', async () => {
  await layout();
  expect(await validateLayout(dir)).toEqual([]);
});

test('a missing blob is named with the way to it', async () => {
  const { layer, manifest } = await layout();
  await rm(pathOf(layer.digest));
  expect(await validateLayout(dir)).toEqual([
    { kind: 'blob-missing', where: `index.json > manifest ${manifest.digest} > layer 0 ${layer.digest}` },
  ]);
});

test('bytes that changed, and bytes that are lacking', async () => {
  const { layer, config } = await layout();
  const bytes = await readFile(pathOf(layer.digest));
  bytes[20] = 255 - (bytes[20] ?? 0);
  await writeFile(pathOf(layer.digest), bytes);
  await writeFile(pathOf(config.digest), 'short');
  expect((await validateLayout(dir)).map(({ kind, expected }) => [kind, expected])).toEqual([
    ['size-mismatch', String(config.size)],
    ['digest-mismatch', layer.digest],
  ]);
});

test('a diff ID that the layer does not unpack to', async () => {
  await layout({ diffIds: [sha256('other')] });
  expect(await validateLayout(dir)).toMatchObject([{ kind: 'diff-id-mismatch', expected: sha256('other') }]);
});

test('a configuration of other layers and another platform', async () => {
  await layout({ diffIds: [], platform: { os: 'linux', architecture: 'arm64' } });
  expect(await kinds()).toEqual(['platform-mismatch', 'layer-count-mismatch']);
});

test('a layer of an unknown kind, and one that is not what it says', async () => {
  await layout({ layerType: 'application/vnd.example.layer' });
  expect(await kinds()).toEqual(['media-type-unknown', 'layer-unreadable']);
  await layout({ layerType: 'application/vnd.oci.image.layer.v1.tar' });
  expect(await kinds()).toEqual(['diff-id-mismatch']);
});

test('documents that are damaged, and a folder that is no layout', async () => {
  const broken = await blob('{"schemaVersion":2', 'application/vnd.oci.image.manifest.v1+json');
  await writeFile(join(dir, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [broken] }));
  await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"9"}');
  expect(await kinds()).toEqual(['layout-invalid', 'document-invalid']);
  await rm(join(dir, 'index.json'));
  await rm(join(dir, 'oci-layout'));
  expect(await kinds()).toEqual(['layout-invalid', 'layout-invalid']);
});
