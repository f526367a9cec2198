import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { sha256 } from '../base/digest.ts';
import { parseImageConfig, renderImageConfig } from './config.ts';
import type { Descriptor } from './descriptor.ts';
import { makeImage } from './image.ts';
import { chooseManifest, imagesOfIndex, parseImageIndex, renderImageIndex } from './image-index.ts';
import { parseManifest } from './manifest.ts';
import { parsePlatform } from './platform.ts';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const textOf = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const diffId = sha256('layer');
const descriptor = (changes: Record<string, unknown> = {}) => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: sha256('x'),
  size: 7,
  ...changes,
});

const input = {
  platform: parsePlatform('linux/arm64/v8'),
  created: new Date(1_700_000_000_999),
  env: [
    { name: 'PATH', value: '/opt/venv/bin' },
    { name: 'A', value: 'b=c' },
    { name: 'PATH', value: '/usr/bin' },
  ],
  cmd: ['uvicorn', 'app:app'],
  user: '65532:65532',
  workdir: '/app',
  labels: { b: '2', a: '1' },
  exposedPorts: [8000, '53/udp'],
  stopSignal: 'SIGINT',
  layers: [{ diffId, createdBy: 'tare: base' }],
} as const;

describe('an image configuration', () => {
  test('is what config.md asks for', () => {
    expect(textOf(renderImageConfig(input))).toEqual({
      created: '2023-11-14T22:13:20Z',
      architecture: 'arm64',
      os: 'linux',
      config: {
        Env: ['PATH=/usr/bin', 'A=b=c'],
        Cmd: ['uvicorn', 'app:app'],
        User: '65532:65532',
        WorkingDir: '/app',
        Labels: { a: '1', b: '2' },
        ExposedPorts: { '8000/tcp': {}, '53/udp': {} },
        StopSignal: 'SIGINT',
      },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created: '2023-11-14T22:13:20Z', created_by: 'tare: base' }],
    });
  });

  test('has the same bytes for the same facts in any order', () => {
    const other = { ...input, labels: { a: '1', b: '2' }, exposedPorts: ['53/udp', 8000] };
    expect(renderImageConfig(other)).toEqual(renderImageConfig(input));
  });

  test('reads back', () => {
    expect(parseImageConfig(renderImageConfig(input), 'here')).toEqual({
      platform: { os: 'linux', architecture: 'arm64' },
      created: '2023-11-14T22:13:20Z',
      env: [
        { name: 'PATH', value: '/usr/bin' },
        { name: 'A', value: 'b=c' },
      ],
      entrypoint: [],
      cmd: ['uvicorn', 'app:app'],
      user: '65532:65532',
      workdir: '/app',
      labels: { a: '1', b: '2' },
      exposedPorts: ['53/udp', '8000/tcp'],
      volumes: [],
      stopSignal: 'SIGINT',
      history: [{ createdBy: 'tare: base', empty: false }],
      diffIds: [diffId],
    });
  });

  test('as Docker writes it, with null for what is empty', () => {
    const foreign = {
      architecture: 'amd64',
      os: 'linux',
      config: { Hostname: '', Env: null, Cmd: null, Entrypoint: null, Labels: null, ExposedPorts: null, OnBuild: null },
      rootfs: { type: 'layers', diff_ids: null },
      history: null,
    };
    expect(parseImageConfig(bytesOf(foreign), 'here')).toMatchObject({
      env: [],
      cmd: [],
      entrypoint: [],
      volumes: [],
      history: [],
      diffIds: [],
    });
  });

  test('with its history: steps that made no layer are told apart', () => {
    const foreign = {
      architecture: 'amd64',
      os: 'linux',
      config: { Volumes: { '/data': {}, '/b': null } },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [
        { created: '2023-11-14T22:13:20Z', created_by: 'ADD rootfs', comment: 'debuerreotype' },
        { created_by: 'CMD ["python3"]', empty_layer: true },
        {},
      ],
    };
    const { history, volumes } = parseImageConfig(bytesOf(foreign), 'here');
    expect(volumes).toEqual(['/b', '/data']);
    expect(history).toEqual([
      { createdBy: 'ADD rootfs', comment: 'debuerreotype', empty: false },
      { createdBy: 'CMD ["python3"]', empty: true },
      { empty: false },
    ]);
  });

  test('must list the layers of its image', () => {
    expect(() => makeImage({ config: renderImageConfig(input), layers: [] })).toThrow(
      expect.objectContaining({ code: 'IMAGE_CONFIG_INVALID' }),
    );
  });
});

describe('documents from outside', () => {
  test("Docker's manifest and list are read too", () => {
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: descriptor({ mediaType: 'application/vnd.docker.container.image.v1+json' }),
      layers: [descriptor({ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', annotations: null })],
    };
    expect(parseManifest(bytesOf(manifest), 'here').layers).toHaveLength(1);
    const list = {
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
      manifests: [
        descriptor({
          mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
          platform: { architecture: 'arm', os: 'linux', variant: 'v7', features: ['x'] },
        }),
      ],
    };
    const { manifests } = parseImageIndex(bytesOf(list), 'here');
    expect(manifests[0]?.platform).toEqual({ os: 'linux', architecture: 'arm', variant: 'v7' });
  });

  test.each<readonly [string, unknown]>([
    ['not an object', []],
    ['null', null],
    ['schemaVersion 1', { schemaVersion: 1, config: descriptor(), layers: [] }],
    ['no layers', { schemaVersion: 2, config: descriptor() }],
    [
      'another media type',
      { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', config: descriptor(), layers: [] },
    ],
    ['a negative size', { schemaVersion: 2, config: descriptor({ size: -1 }), layers: [] }],
    ['a size that is no whole number', { schemaVersion: 2, config: descriptor({ size: 1.5 }), layers: [] }],
    ['a size beyond what counts exactly', { schemaVersion: 2, config: descriptor({ size: 2 ** 60 }), layers: [] }],
    ['another digest', { schemaVersion: 2, config: descriptor({ digest: 'md5:abc' }), layers: [] }],
    [
      'a digest that leads elsewhere',
      { schemaVersion: 2, config: descriptor({ digest: 'sha256:../../etc/passwd' }), layers: [] },
    ],
    ['too many layers', { schemaVersion: 2, config: descriptor(), layers: Array(5000).fill(descriptor()) }],
  ])('a manifest with %s is refused', (_name, value) => {
    expect(() => parseManifest(bytesOf(value), 'a place')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID', where: 'a place' }),
    );
  });

  test('the error names every bad path', () => {
    const value = { schemaVersion: 2, config: descriptor({ size: -1 }), layers: [descriptor({ digest: 'x' })] };
    expect(() => parseManifest(bytesOf(value), 'here')).toThrow(/config\.size.*layers\.0\.digest/);
  });

  test('a size above 4 GiB is kept exactly', () => {
    const value = { schemaVersion: 2, config: descriptor(), layers: [descriptor({ size: 5_368_709_121 })] };
    expect(parseManifest(bytesOf(value), 'here').layers[0]?.size).toBe(5_368_709_121);
  });

  test('a name that every object has is no label', () => {
    const value = JSON.parse('{"schemaVersion":2,"manifests":[],"annotations":{"__proto__":"x"}}') as unknown;
    expect(parseImageIndex(bytesOf(value), 'here').annotations).not.toHaveProperty('x');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('any bytes are read or refused', () => {
    const anything = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        for (const parse of [parseManifest, parseImageIndex, parseImageConfig]) {
          try {
            parse(bytes, 'here');
          } catch (error) {
            expect(isTareError(error)).toBe(true);
          }
        }
      }),
    );
  });
});

describe('choosing from an index', () => {
  const at = (platform: string, changes: Partial<Descriptor> = {}): Descriptor => ({
    ...descriptor(),
    platform: parsePlatform(platform),
    ...changes,
  });
  const attestation = at('unknown/unknown', { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } });
  const index = (...manifests: readonly Descriptor[]) =>
    imagesOfIndex(parseImageIndex(renderImageIndex(manifests), 'here'));

  test('takes the platform asked for, whatever its spelling, and no attestation', () => {
    const arm = at('linux/arm64', {
      digest: sha256('arm'),
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
    });
    const images = index(at('linux/amd64'), attestation, arm);
    expect(images).toHaveLength(2);
    expect(chooseManifest(images, parsePlatform('linux/arm64'), 'here').digest).toBe(sha256('arm'));
  });

  test('says what there is instead', () => {
    expect(() =>
      chooseManifest(index(at('linux/amd64'), at('linux/s390x')), parsePlatform('linux/arm64'), 'here'),
    ).toThrow(expect.objectContaining({ code: 'PLATFORM_MISSING', actual: 'linux/amd64, linux/s390x' }));
  });

  test('a single image without a platform fits', () => {
    expect(chooseManifest(index(descriptor()), parsePlatform('linux/arm64'), 'here')).toEqual(descriptor());
  });
});
