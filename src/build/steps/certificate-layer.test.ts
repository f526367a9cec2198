import { gunzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type MadeFiles, readMadeBase, slimFiles } from '../../../test/support/base-maker.ts';
import { authority } from '../../../test/support/certificates.ts';
import { engineContext } from '../../../test/support/engine-context.ts';
import { temporaryDir } from '../../../test/support/paths.ts';
import { readTar } from '../../archive/tar-reader.ts';
import { parseCertificates, usualBundle } from '../../plan/certificates.ts';
import type { Plan } from '../../plan/types.ts';
import { openCache } from '../../store/cache.ts';
import type { BuildInputs, TargetInputs } from '../inputs.ts';
import { withBuildTools } from '../tools.ts';
import { buildBaseLayers } from './base-layers.ts';
import { buildCertificateLayer } from './certificate-layer.ts';

const certificates = parseCertificates(Buffer.from(authority), 'company.pem');

/** What the layer holds above a base of these layers, by path: the text of a file, or its type. */
async function layerOver(layers: readonly MadeFiles[], bundle: string) {
  const dir = await temporaryDir('certificate-layer');
  const context = engineContext(dir, {});
  const baseImage = await readMadeBase(dir, layers);
  const inputs = { debs: [], debian: {}, baseImage } as unknown as TargetInputs;
  const plan = { certificates: { bundle, added: certificates, because: { rule: '' } } } as unknown as Plan;
  return withBuildTools(context, openCache(dir), async (tools) => {
    const target = { base: { provider: 'image' }, python: {} } as unknown as Parameters<typeof buildBaseLayers>[1];
    const base = await buildBaseLayers(tools, target, inputs);
    const build = { plan, certificates } as unknown as BuildInputs;
    const record = await buildCertificateLayer(tools, build, inputs, { base, system: undefined });
    const bytes = gunzipSync(await readFile(tools.cache.blobPath(record?.digest ?? certificates[0]!.fingerprint)));
    const found: Record<string, string> = {};
    for await (const { path, type, mode, body } of readTar([bytes] as unknown as AsyncIterable<Uint8Array>, 'layer')) {
      let text = type === 'directory' ? mode.toString(8) : '';
      for await (const chunk of body) text += Buffer.from(chunk).toString();
      found[path] = text;
    }
    return found;
  });
}

test('the bundle is that of the topmost layer of the base, and the new certificates after it', async () => {
  const found = await layerOver(
    [slimFiles, { 'etc/ssl/certs/ca-certificates.crt': 'old\n' }, { 'etc/ssl/certs/ca-certificates.crt': 'theirs' }],
    usualBundle,
  );
  expect(found['etc/ssl/certs/ca-certificates.crt']).toBe(`theirs\n${authority}`);
  expect(found[certificates[0]?.path.slice(1) ?? '']).toBe(authority);
});

test('links of the base that lead to its bundle stay links', async () => {
  const found = await layerOver(
    [
      {
        ...slimFiles,
        'etc/ssl/certs': '-> ../pki/tls/certs',
        'etc/pki/tls/certs/ca-bundle.crt': '-> /etc/pki/extracted/tls-ca-bundle.pem',
        'etc/pki/extracted/tls-ca-bundle.pem': 'theirs\n',
      },
    ],
    '/etc/pki/tls/certs/ca-bundle.crt',
  );
  expect(found['etc/pki/extracted/tls-ca-bundle.pem']).toBe(`theirs\n${authority}`);
  expect(Object.keys(found).filter((path) => path.startsWith('etc/ssl') || path.includes('tls/certs'))).toEqual([]);
});

test('a base without any bundle gets one where programs look', async () => {
  const found = await layerOver(
    [{ ...slimFiles, 'etc/ssl/certs': '-> /etc/pki/certs', 'etc/pki/certs/README': '' }],
    usualBundle,
  );
  expect(found['etc/pki/certs/ca-certificates.crt']).toBe(authority);
  expect(found).not.toHaveProperty('etc/ssl/certs');
});
