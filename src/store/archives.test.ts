import { mkdtemp, readdir, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTinyImage } from '../../test/support/tiny-image.ts';
import { digestHex } from '../base/digest.ts';
import { type Image, imageDigest } from '../oci/image.ts';
import { type OutputKind, parseOutput, writeOutput } from './output.ts';

let folder: string;
let archive: string;
let image: Image;
let other: Image;
const options = { signal: new AbortController().signal, refName: 'hello' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tare-archive-'));
  archive = join(folder, 'out', 'image.tar');
  image = await makeTinyImage(join(folder, 'cache'), [[{ name: 'a', content: 'one' }]]);
  other = await makeTinyImage(join(folder, 'cache'), [[{ name: 'a', content: 'two' }]], 'linux/arm64');
});

afterEach(() => rm(folder, { recursive: true }));

async function members(): Promise<ReadonlyMap<string, Buffer>> {
  const reader = extract();
  reader.end(await readFile(archive));
  const found = new Map<string, Buffer>();
  for await (const entry of reader) {
    expect(entry.header).toMatchObject({
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: new Date(1_700_000_000_000),
    });
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array));
    found.set(entry.header.name, Buffer.concat(chunks));
  }
  return found;
}

const write = (kind: OutputKind, images: readonly Image[], path = archive) =>
  writeOutput({ kind, path }, images, options);

describe('an archive', () => {
  test('of the OCI kind holds the layout, for several platforms too, and is the same each time', async () => {
    const { digest } = await write('oci-archive', [image, other]);
    const found = await members();
    expect([...found.keys()].slice(0, 2)).toEqual(['oci-layout', 'index.json']);
    expect(found.has(`blobs/sha256/${digestHex(digest)}`)).toBe(true);
    const [layer] = image.layers;
    if (layer === undefined) throw new Error('no layer');
    expect(found.get(`blobs/sha256/${digestHex(layer.descriptor.digest)}`)).toEqual(await readFile(layer.file));
    const before = await readFile(archive);
    await write('oci-archive', [other, image]);
    expect(Buffer.compare(await readFile(archive), before)).toBe(0);
    expect(await readdir(join(folder, 'out'))).toEqual(['image.tar']);
  });

  test("of Docker's kind names image, configuration and layers by members that are there", async () => {
    const { digest } = await write('docker-archive', [image]);
    expect(digest).toBe(imageDigest(image));
    const found = await members();
    const [entry] = JSON.parse(found.get('manifest.json')?.toString('utf8') ?? '') as {
      Config: string;
      RepoTags: string[];
      Layers: string[];
    }[];
    expect(entry?.RepoTags).toEqual(['hello:latest']);
    expect(found.get(entry?.Config ?? '')?.toString('utf8')).toBe(Buffer.from(image.config).toString('utf8'));
    expect(entry?.Layers.map((name) => found.has(name))).toEqual([true]);
  });

  test.each(['docker-archive', 'rootfs'] as const)('%s holds one platform only', async (kind) => {
    await expect(write(kind, [image, other])).rejects.toMatchObject({
      code: 'OUTPUT_ONE_PLATFORM',
      actual: 'linux/amd64, linux/arm64',
    });
    expect(await readdir(folder)).toEqual(['cache']);
  });

  test('a tag that Docker would refuse is refused', async () => {
    const wrong = { ...options, refName: 'Hello World' };
    await expect(writeOutput({ kind: 'docker-archive', path: archive }, [image], wrong)).rejects.toMatchObject({
      code: 'REFERENCE_INVALID',
    });
  });

  test.each([
    ['a file of the user', () => writeFile(archive, 'my thesis')],
    ['another archive', () => writeFile(archive, Buffer.concat([Buffer.from('backup/'), Buffer.alloc(2000)]))],
    ['a folder', () => mkdir(archive)],
  ])('%s in its place stays', async (_name, prepare) => {
    await mkdir(join(folder, 'out'));
    await prepare();
    await expect(write('oci-archive', [image])).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(await readdir(join(folder, 'out'))).toEqual(['image.tar']);
  });

  test('a blob that is not as large as the image says leaves the earlier archive', async () => {
    await write('oci-archive', [image]);
    const before = await readFile(archive);
    const layers = image.layers.map((layer) => ({
      ...layer,
      descriptor: { ...layer.descriptor, size: layer.descriptor.size + 1 },
    }));
    await expect(write('oci-archive', [{ ...image, layers }])).rejects.toMatchObject({ code: 'BLOB_SIZE_MISMATCH' });
    expect(Buffer.compare(await readFile(archive), before)).toBe(0);
    expect(await readdir(join(folder, 'out'))).toEqual(['image.tar']);
  });
});

describe('an output', () => {
  test.each([
    ['oci:out', 'oci', '/base/out'],
    ['oci-archive:a.tar', 'oci-archive', '/base/a.tar'],
    ['docker-archive:/a:b.tar', 'docker-archive', '/a:b.tar'],
    ['rootfs:./x/../y', 'rootfs', '/base/y'],
  ])('%s', (text, kind, path) => {
    expect(parseOutput(text, '/base')).toEqual({ kind, path });
  });

  test.each([
    ['', 'oci:PATH'],
    ['image', 'oci:image'],
    ['image.tar', 'oci-archive:image.tar'],
    ['oci', 'oci:oci'],
    ['oci:', 'oci:PATH'],
    ['docker:hello', 'oci:PATH'],
    ['OCI:out', 'oci:PATH'],
  ])('%j is none', (text, hint) => {
    expect(() => parseOutput(text)).toThrow(
      expect.objectContaining({ code: 'OUTPUT_INVALID', hint: `give \`--output ${hint}\`` }),
    );
  });
});
