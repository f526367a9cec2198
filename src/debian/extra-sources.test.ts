import { beforeAll, describe, expect, test } from 'vitest';
import { makeDeb } from '../../test/support/deb-maker.ts';
import { type ArchiveKey, makeArchiveKey, makeContents, type ReleaseSpec } from '../../test/support/debian-mirror.ts';
import { failure, makeSuite, standInDebs } from '../../test/support/debian-suite.ts';
import { type DebianSource, openContents, openSuite } from './mirror.ts';

let key: ArchiveKey;
let theirs: ArchiveKey;
beforeAll(async () => {
  [key, theirs] = await Promise.all([makeArchiveKey(), makeArchiveKey()]);
});

const uri = 'https://extra.example/apt';
const triplet = 'usr/lib/x86_64-linux-gnu';
const newer = makeDeb({ name: 'aa', version: '9.0-1' });
const older = makeDeb({ name: 'aa', version: '0.5-1' });
const only = makeDeb({ name: 'libextra1', version: '1' });

async function setting(release: Partial<ReleaseSpec> = {}, signer = theirs, source: Partial<DebianSource> = {}) {
  const here = await makeSuite(key);
  const spec = { codename: 'trixie-extra', component: 'stable', debs: [newer, only], ...release };
  await here.mirror.publish(uri, spec, signer);
  const extra = { uri: `${uri}/`, suite: 'trixie-extra', components: ['stable'], key: theirs.publicKey, ...source };
  return { ...here, config: { ...here.config, extraSources: [extra] } };
}

type Setting = Awaited<ReturnType<typeof setting>>;
const open = (here: Setting) => openSuite(here.context(), here.config, 'trixie', 'amd64');

describe('a source besides Debian', () => {
  test('the newest version wins, wherever it is', async () => {
    const index = await open(await setting());
    expect(index.find('aa')).toMatchObject({ version: '9.0-1', url: `${uri}/${newer.filename}` });
    expect(index.find('libextra1')?.url).toBe(`${uri}/${only.filename}`);
    expect((await open(await setting({ debs: [older] }))).find('aa')?.version).toBe('1.0-1+deb13u2');
  });

  test('it is trusted by its own key alone', async () => {
    for (const [signer, trusted] of [
      [key, theirs],
      [theirs, key],
    ] as const) {
      const here = await setting({}, signer, { key: trusted.publicKey });
      expect(await failure(open(here))).toMatchObject({
        code: 'DEBIAN_KEY_UNKNOWN',
        hint: expect.stringContaining('tool.tare.debian.sources'),
      });
    }
  });

  test('and its key is good for nothing else', async () => {
    const here = await makeSuite(key, {}, theirs);
    await here.mirror.publish(uri, { codename: 'trixie-extra', component: 'stable', debs: [only] }, theirs);
    const extra = { uri, suite: 'trixie-extra', components: ['stable'], key: theirs.publicKey };
    const opened = openSuite(here.context(), { ...here.config, extraSources: [extra] }, 'trixie', 'amd64');
    expect(await failure(opened)).toMatchObject({ code: 'DEBIAN_KEY_UNKNOWN' });
  });

  test('what was verified by one key is verified again for another', async () => {
    const here = await setting();
    await open(here);
    const [extra] = here.config.extraSources;
    const changed = { ...here.config, extraSources: extra === undefined ? [] : [{ ...extra, key: key.publicKey }] };
    expect(await failure(openSuite(here.context(), changed, 'trixie', 'amd64'))).toMatchObject({
      code: 'DEBIAN_KEY_UNKNOWN',
    });
  });

  test('a key that is none', async () => {
    expect(await failure(open(await setting({}, theirs, { key: '-----BEGIN nonsense' })))).toMatchObject({
      code: 'DEBIAN_KEY_INVALID',
    });
  });

  test('it may go by the name of its suite, but not by that of another', async () => {
    const here = await setting({ suite: 'current' });
    const inRelease = here.mirror.files.get(`${uri}/dists/trixie-extra/InRelease`) ?? new Uint8Array(0);
    const packages = `stable/binary-amd64/Packages.gz`;
    for (const name of ['current', 'wrong']) {
      here.mirror.files.set(`${uri}/dists/${name}/InRelease`, inRelease);
      here.mirror.files.set(
        `${uri}/dists/${name}/${packages}`,
        here.mirror.files.get(`${uri}/dists/trixie-extra/${packages}`) ?? new Uint8Array(0),
      );
    }
    const named = (suite: string) => ({
      ...here.config,
      extraSources: here.config.extraSources.map((source) => ({ ...source, suite })),
    });
    expect((await openSuite(here.context(), named('current'), 'trixie', 'amd64')).find('libextra1')).toBeDefined();
    expect(await failure(openSuite(here.context(), named('wrong'), 'trixie', 'amd64'))).toMatchObject({
      code: 'DEBIAN_SUITE_MISMATCH',
    });
  });

  test('a component or a suite that is not there', async () => {
    expect(await failure(open(await setting({}, theirs, { components: ['testing'] })))).toMatchObject({
      code: 'DEBIAN_ARCHITECTURE_MISSING',
      hint: expect.stringContaining('components'),
    });
    expect(await failure(open(await setting({}, theirs, { suite: 'nowhere' })))).toMatchObject({
      code: 'DEBIAN_SUITE_MISSING',
    });
  });

  test('its Contents count where it has them, and are not missed where it has none', async () => {
    const main = { indexes: { 'main/Contents-amd64.gz': makeContents(`${triplet}/libaa.so.1   libs/aa`) } };
    for (const [indexes, found] of [
      [{ 'stable/Contents-amd64.gz': makeContents(`${triplet}/libextra.so.1   libs/libextra1`) }, ['libextra1']],
      [{}, []],
    ] as const) {
      const here = await setting({ indexes });
      await here.mirror.publish(
        here.config.mirror ?? '',
        { codename: 'trixie', debs: [standInDebs.base], ...main },
        key,
      );
      const contents = await openContents(here.context(), here.config, 'trixie', 'amd64');
      expect(contents.librariesNamed('libextra.so.1').map((one) => one.package)).toEqual(found);
    }
  });
});

describe('the parts of a suite', () => {
  test('updates may be missing, online and offline', async () => {
    const here = await makeSuite(key);
    for (const path of here.mirror.files.keys()) if (path.includes('trixie-updates')) here.mirror.files.delete(path);
    const context = here.context();
    const index = await openSuite(context, here.config, 'trixie', 'amd64');
    expect(index.find('aa')?.version).toBe('1.0-1+deb13u2');
    const offline = await openSuite(here.context({ offline: true }), here.config, 'trixie', 'amd64');
    expect([offline.digest, context.warnings]).toEqual([index.digest, []]);
  });

  test('sid has neither updates nor security fixes, and nobody asks for them', async () => {
    const here = await makeSuite(key);
    await here.mirror.publish(here.config.mirror ?? '', { codename: 'sid', debs: [newer] }, key);
    const context = here.context();
    expect((await openSuite(context, here.config, 'sid', 'amd64')).find('aa')?.version).toBe('9.0-1');
    expect(here.mirror.asked.filter((url) => /sid-/.test(url))).toEqual([]);
    expect(context.warnings).toEqual([]);
  });
});
