import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { digestHex, sha256 } from '../../base/digest.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { largestJson, parseJson } from '../../oci/json.ts';

const manifestSchema = v.object({ mediaType: v.optional(v.string()) });

/**
 * Makes an OCI layout of what `podman push dir:` wrote (containers-transports(5), `dir`): `manifest.json`, the manifests of a list as
 * `HEX.manifest.json`, blobs as `HEX`. Digests are checked by whoever reads the layout.
 */
export async function layoutFromFolder(folder: string, dir: string): Promise<void> {
  const blobs = join(dir, 'blobs', 'sha256');
  await makeFolder(blobs);
  for (const name of await readdir(folder)) {
    const [, hex] = /^([0-9a-f]{64})(?:\.manifest\.json)?$/.exec(name) ?? [];
    if (hex !== undefined) await rename(join(folder, name), join(blobs, hex));
  }
  const top = join(folder, 'manifest.json');
  const { size } = await stat(top);
  if (size > largestJson) throw new Error(`a manifest of ${size} bytes`);
  const bytes = await readFile(top);
  const about = { code: 'MANIFEST_INVALID', object: 'manifest', where: top };
  const { mediaType = 'application/vnd.oci.image.manifest.v1+json' } = parseJson(manifestSchema, bytes, about);
  const digest = sha256(bytes);
  await writeFile(join(blobs, digestHex(digest)), bytes);
  const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size }] };
  await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(dir, 'index.json'), JSON.stringify(index));
}
