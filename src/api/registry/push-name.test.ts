import { expect, test } from 'vitest';
import { engineContext } from '../../../test/support/engine-context.ts';
import { writeProject } from '../../../test/support/example.ts';
import { temporaryDir } from '../../../test/support/paths.ts';
import { assertPushTag } from './push-name.ts';

async function pushOf(files: Readonly<Record<string, string>>, tag?: string): Promise<void> {
  const dir = await writeProject(await temporaryDir('push-name'), files);
  await assertPushTag(dir, tag === undefined ? {} : { tag }, engineContext(dir, {}));
}

test.each([
  ['nothing', {}, undefined, /no tag/],
  ['a tag of the project without a registry', { 'tare.toml': 'tag = "shop:1"\n' }, undefined, /`shop:1`/],
  ['a flag without one', { 'tare.toml': 'tag = "registry.example/shop:1"\n' }, 'shop:2', /`shop:2`.*--tag/],
])('%s does not say where to push', async (_title, files: Readonly<Record<string, string>>, tag, message) => {
  const failure = { code: 'REFERENCE_INVALID', message: expect.stringMatching(message) };
  await expect(pushOf(files, tag)).rejects.toMatchObject(failure);
});

test('a tag of the project or a flag does', async () => {
  await pushOf({ 'tare.toml': 'tag = "registry.example/shop:1"\n' });
  await pushOf({}, 'localhost:5000/shop');
});
