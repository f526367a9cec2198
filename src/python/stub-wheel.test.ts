import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readZip, readZipMember } from '../archive/zip.ts';
import { renderStubWheel } from './stub-wheel.ts';
import { parseWheelName } from './wheel-name.ts';

test('an empty wheel is a wheel: any reader finds its name, version and Python', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tare-stub-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const { filename, bytes } = renderStubWheel('zope-interface', '5.0', '>=3.8');
  expect(parseWheelName(filename)).toMatchObject({ name: 'zope-interface', version: '5.0' });
  const file = join(dir, filename);
  await writeFile(file, bytes);
  const { entries } = await readZip(file);
  const [metadata] = entries;
  if (metadata === undefined) throw new Error('no member');
  expect(entries.map((entry) => entry.name.split('/')[1])).toEqual(['METADATA', 'WHEEL', 'RECORD']);
  const text = Buffer.from(await readZipMember(metadata.slice, 10_000)).toString('utf8');
  expect(text).toContain('Name: zope-interface\nVersion: 5.0\nRequires-Python: >=3.8\n');
});
