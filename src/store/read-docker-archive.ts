import { copyFile, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type Digest, sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { layoutBlobPath } from '../oci/blob-check.ts';
import { parseImageConfig } from '../oci/config.ts';
import { type Descriptor, mediaTypes } from '../oci/descriptor.ts';
import { renderImageIndex } from '../oci/image-index.ts';
import { largestJson, parseJson } from '../oci/json.ts';
import { renderManifest } from '../oci/manifest.ts';
import type { UnpackedMember } from './read-archive.ts';

/** What an archive holds: files on disk, and links by the member that they lead to. */
export interface DockerMembers {
  readonly files: ReadonlyMap<string, UnpackedMember>;
  readonly links: ReadonlyMap<string, string>;
}

const manifestSchema = v.array(v.object({ Config: v.string(), Layers: v.array(v.string()) }));

/** As many as overlayfs can lay over each other, several times over. */
const mostLayers = 1024;

/**
 * Makes an OCI layout of an archive that `docker save` wrote before version 25, or skopeo (Docker image specification 1.2, "Combined
 * Image JSON + Filesystem Changeset Format"). False where there is no `manifest.json`.
 */
export async function writeDockerLayout(dir: string, members: DockerMembers): Promise<boolean> {
  const member = members.files.get('manifest.json');
  if (member === undefined) return false;
  const subject = { code: 'ARCHIVE_INVALID', object: 'docker manifest', where: 'manifest.json' };
  const images = parseJson(manifestSchema, await readSmall(member), subject);
  const descriptors: Descriptor[] = [];
  for (const image of images) descriptors.push(await writeImage(dir, members, image.Config, image.Layers));
  await writeFile(join(dir, 'index.json'), renderImageIndex(descriptors));
  await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return true;
}

async function writeImage(
  dir: string,
  members: DockerMembers,
  configPath: string,
  layerPaths: readonly string[],
): Promise<Descriptor> {
  if (layerPaths.length > mostLayers) throw archiveInvalid(`it lists ${layerPaths.length} layers`);
  const config = await readSmall(resolveMember(members, configPath));
  const { platform } = parseImageConfig(config, configPath);
  const layers: Descriptor[] = [];
  for (const path of layerPaths) {
    const member = resolveMember(members, path);
    await placeMember(dir, member);
    layers.push({ mediaType: await layerType(member), digest: member.digest, size: member.size });
  }
  const manifest = renderManifest({
    config: { mediaType: mediaTypes.config, digest: await placeBytes(dir, config), size: config.byteLength },
    layers,
    annotations: {},
  });
  const digest = await placeBytes(dir, manifest);
  return { mediaType: mediaTypes.manifest, digest, size: manifest.byteLength, platform };
}

/** A layer that several images share is linked to in old archives. */
function resolveMember({ files, links }: DockerMembers, path: string): UnpackedMember {
  let at = path;
  for (let steps = 0; steps < 8; steps++) {
    const found = files.get(at);
    if (found !== undefined) return found;
    const next = links.get(at);
    if (next === undefined) break;
    at = next;
  }
  throw archiveInvalid(`\`manifest.json\` names \`${path.slice(0, 200)}\`, which is not there`);
}

async function readSmall(member: UnpackedMember): Promise<Uint8Array> {
  if (member.size > largestJson) throw archiveInvalid(`a document in it has ${member.size} bytes`);
  return readFile(member.file);
}

/** The format says nothing of compression; engines look at the first bytes. */
async function layerType(member: UnpackedMember): Promise<string> {
  const handle = await open(member.file, 'r');
  try {
    const start = Buffer.alloc(4);
    await handle.read(start, 0, 4, 0);
    const plain = 'application/vnd.oci.image.layer.v1.tar';
    if (start[0] === 0x1f && start[1] === 0x8b) return `${plain}+gzip`;
    return start.readUInt32LE(0) === 0xfd2fb528 ? `${plain}+zstd` : plain;
  } finally {
    await handle.close();
  }
}

async function placeMember(dir: string, member: UnpackedMember): Promise<void> {
  await copyFile(member.file, layoutBlobPath(dir, member.digest));
}

async function placeBytes(dir: string, bytes: Uint8Array): Promise<Digest> {
  const digest = sha256(bytes);
  await writeFile(layoutBlobPath(dir, digest), bytes);
  return digest;
}

function archiveInvalid(reason: string): TareError {
  return new TareError({
    code: 'ARCHIVE_INVALID',
    message: `the docker archive is not whole: ${reason}`,
    hint: 'save the image again',
  });
}
