import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../base/digest.ts';
import { isTareError, systemErrorCode } from '../base/errors.ts';
import { fileDigest, fileSize, layoutBlobPath } from './blob-check.ts';
import { parseImageConfig } from './config.ts';
import { type Descriptor, isIndexMediaType, isManifestMediaType, layerCompression } from './descriptor.ts';
import { parseImageIndex } from './image-index.ts';
import { parseJson } from './json.ts';
import { readLayer, type ZstdDecoder } from './layer-stream.ts';
import { parseManifest } from './manifest.ts';
import { isSamePlatform, renderPlatform } from './platform.ts';
import { layoutFileSchema } from './schema.ts';

export type LayoutFindingKind =
  | 'layout-invalid'
  | 'blob-missing'
  | 'size-mismatch'
  | 'digest-mismatch'
  | 'document-invalid'
  | 'media-type-unknown'
  | 'layer-count-mismatch'
  | 'layer-unreadable'
  | 'diff-id-mismatch'
  | 'platform-mismatch';

/** One thing that is wrong with a layout. */
export interface LayoutFinding {
  readonly kind: LayoutFindingKind;
  /** The way from the index to it: `index.json > manifest sha256:… > layer 2 sha256:…`. */
  readonly where: string;
  readonly expected?: string;
  readonly actual?: string;
}

export interface ValidateOptions {
  /** Without it, zstd layers are reported as unreadable. */
  readonly decodeZstd?: ZstdDecoder;
  readonly signal?: AbortSignal;
}

interface Walk extends ValidateOptions {
  readonly dir: string;
  readonly findings: LayoutFinding[];
  /** Blobs that were hashed already, with what was found. */
  readonly checked: Map<Digest, boolean>;
  readonly diffIds: Map<Digest, Digest>;
}

const deepestIndex = 4;

/** Checks a whole OCI image layout: every descriptor's size and digest, every document, every layer's diff ID. */
export async function validateLayout(dir: string, options: ValidateOptions = {}): Promise<readonly LayoutFinding[]> {
  const walk: Walk = { ...options, dir, findings: [], checked: new Map(), diffIds: new Map() };
  const marker = await readTop(walk, 'oci-layout');
  const index = await readTop(walk, 'index.json');
  if (marker !== undefined) {
    const subject = { code: 'LAYOUT_INVALID', object: 'layout marker', where: 'oci-layout' };
    attempt(walk, 'layout-invalid', 'oci-layout', () => parseJson(layoutFileSchema, marker, subject));
  }
  if (index !== undefined) await checkIndex(walk, index, 'index.json', 0);
  return walk.findings;
}

async function readTop(walk: Walk, name: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(join(walk.dir, name));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    walk.findings.push({ kind: 'layout-invalid', where: name, expected: 'a file', actual: code });
    return undefined;
  }
}

async function checkIndex(walk: Walk, bytes: Uint8Array, where: string, depth: number): Promise<void> {
  const index = attempt(walk, 'document-invalid', where, () => parseImageIndex(bytes, where));
  for (const one of index?.manifests ?? []) {
    const here = `${where} > ${isIndexMediaType(one.mediaType) ? 'index' : 'manifest'} ${one.digest}`;
    if (!(await checkBlob(walk, one, here))) continue;
    const blob = await readFile(layoutBlobPath(walk.dir, one.digest));
    if (isManifestMediaType(one.mediaType)) await checkManifest(walk, blob, here, one);
    else if (isIndexMediaType(one.mediaType) && depth < deepestIndex) await checkIndex(walk, blob, here, depth + 1);
    else walk.findings.push({ kind: 'media-type-unknown', where: here, actual: one.mediaType });
  }
}

async function checkManifest(walk: Walk, bytes: Uint8Array, where: string, listed: Descriptor): Promise<void> {
  const manifest = attempt(walk, 'document-invalid', where, () => parseManifest(bytes, where));
  if (manifest === undefined) return;
  const configWhere = `${where} > config ${manifest.config.digest}`;
  const hasConfig = await checkBlob(walk, manifest.config, configWhere);
  const configBytes = hasConfig ? await readFile(layoutBlobPath(walk.dir, manifest.config.digest)) : undefined;
  const config =
    configBytes === undefined
      ? undefined
      : attempt(walk, 'document-invalid', configWhere, () => parseImageConfig(configBytes, configWhere));
  if (config !== undefined && listed.platform !== undefined && !isSamePlatform(config.platform, listed.platform)) {
    walk.findings.push({
      kind: 'platform-mismatch',
      where: configWhere,
      expected: renderPlatform(listed.platform),
      actual: renderPlatform(config.platform),
    });
  }
  if (config !== undefined && config.diffIds.length !== manifest.layers.length) {
    walk.findings.push({
      kind: 'layer-count-mismatch',
      where: configWhere,
      expected: String(manifest.layers.length),
      actual: String(config.diffIds.length),
    });
  }
  for (const [position, layer] of manifest.layers.entries()) {
    await checkLayer(walk, layer, config?.diffIds[position], `${where} > layer ${position} ${layer.digest}`);
  }
}

async function checkLayer(walk: Walk, layer: Descriptor, diffId: Digest | undefined, where: string): Promise<void> {
  if (layerCompression(layer.mediaType) === undefined) {
    walk.findings.push({ kind: 'media-type-unknown', where, actual: layer.mediaType });
  }
  if (!(await checkBlob(walk, layer, where))) return;
  const actual = await unpackedDigest(walk, layer, where);
  if (actual !== undefined && diffId !== undefined && actual !== diffId) {
    walk.findings.push({ kind: 'diff-id-mismatch', where, expected: diffId, actual });
  }
}

async function unpackedDigest(walk: Walk, layer: Descriptor, where: string): Promise<Digest | undefined> {
  const { digest, mediaType } = layer;
  const known = walk.diffIds.get(digest);
  if (known !== undefined) return known;
  try {
    const source = { file: layoutBlobPath(walk.dir, digest), mediaType, digest };
    for await (const _chunk of readLayer(source, {
      ...walk,
      onDiffId: (diffId) => void walk.diffIds.set(digest, diffId),
    }));
  } catch (error) {
    if (!isTareError(error)) throw error;
    walk.findings.push({ kind: 'layer-unreadable', where, actual: error.message });
  }
  return walk.diffIds.get(digest);
}

async function checkBlob(walk: Walk, descriptor: Descriptor, where: string): Promise<boolean> {
  const { digest, size } = descriptor;
  const path = layoutBlobPath(walk.dir, digest);
  const actualSize = await fileSize(path);
  if (actualSize === undefined) {
    walk.findings.push({ kind: 'blob-missing', where });
    return false;
  }
  if (actualSize !== size) {
    walk.findings.push({ kind: 'size-mismatch', where, expected: String(size), actual: String(actualSize) });
    return false;
  }
  const known = walk.checked.get(digest);
  if (known !== undefined) return known;
  const actual = await fileDigest(path, walk.signal);
  if (actual !== digest) walk.findings.push({ kind: 'digest-mismatch', where, expected: digest, actual });
  walk.checked.set(digest, actual === digest);
  return actual === digest;
}

function attempt<T>(walk: Walk, kind: LayoutFindingKind, where: string, parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!isTareError(error)) throw error;
    walk.findings.push({ kind, where, actual: error.message });
    return undefined;
  }
}
