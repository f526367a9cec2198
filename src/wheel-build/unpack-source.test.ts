import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTar, type TarMember } from '../../test/support/tar-maker.ts';
import { isTareError } from '../base/errors.ts';
import { type SourceLimits, subfolder, unpackSource } from './unpack-source.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tare-source-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

let count = 0;
async function unpackBytes(bytes: Uint8Array, filename = 'x-1.tar.gz', limits: Partial<SourceLimits> = {}) {
  const place = join(dir, String(count++));
  const file = `${place}.archive`;
  await writeFile(file, bytes);
  return unpackSource(file, filename, join(place, 'out'), { signal: new AbortController().signal, limits });
}

const unpackMembers = (members: readonly TarMember[], limits: Partial<SourceLimits> = {}) =>
  unpackBytes(gzipSync(makeTar(members)), 'x-1.tar.gz', limits);

test('the one folder at the top is the project; its newest file dates it', async () => {
  const { folder, newest } = await unpackMembers([
    { name: 'x-1/', flag: '5', mode: 0o500 },
    { name: 'x-1/setup.py', bytes: 'a', mtime: 1_600_000_000 },
    { name: 'x-1/configure', bytes: 'b', mode: 0o4755, mtime: 1_500_000_000 },
    { name: 'x-1/link.py', flag: '2', target: 'setup.py' },
  ]);
  expect(folder.endsWith('/x-1')).toBe(true);
  expect(newest).toBe(1_600_000_000);
  expect(readFileSync(join(folder, 'link.py'), 'utf8')).toBe('a');
  expect(lstatSync(join(folder, 'configure')).mode & 0o7777).toBe(0o755);
});

test('without such a folder the archive itself is the project', async () => {
  const { folder } = await unpackMembers([
    { name: 'setup.py', bytes: '' },
    { name: 'x.py', bytes: '' },
  ]);
  expect(readdirSync(folder).sort()).toEqual(['setup.py', 'x.py']);
});

describe('hostile archives', () => {
  test.each<[string, readonly TarMember[], string]>([
    ['a path above', [{ name: '../x', bytes: '' }], 'TAR_PATH_INVALID'],
    ['an absolute path', [{ name: '/etc/x', bytes: '' }], 'TAR_PATH_INVALID'],
    ['a link above', [{ name: 'x-1/a', flag: '2', target: '../../b' }], 'SDIST_INVALID'],
    ['an absolute link', [{ name: 'x-1/a', flag: '2', target: '/etc/passwd' }], 'SDIST_INVALID'],
    ['a hard link to nothing', [{ name: 'x-1/a', flag: '1', target: 'x-1/b' }], 'SDIST_INVALID'],
    ['a device', [{ name: 'x-1/a', flag: '3' }], 'TAR_TYPE_UNSUPPORTED'],
    ['a name that hides others', [{ name: 'x-1/.wh.setup.py', bytes: '' }], 'SDIST_INVALID'],
    [
      'a file as folder',
      [
        { name: 'a', bytes: '' },
        { name: 'a/b', bytes: '' },
      ],
      'SDIST_INVALID',
    ],
    ['nothing at all', [], 'SDIST_INVALID'],
  ])('%s', async (_title, members, code) => {
    await expect(unpackMembers(members)).rejects.toMatchObject({ code });
  });

  test('one that unpacks to more than it may', async () => {
    const bomb = [{ name: 'x-1/a', bytes: Buffer.alloc(200_000) }];
    await expect(unpackMembers(bomb, { unpacked: 100_000 })).rejects.toMatchObject({
      code: expect.stringMatching(/TOO_LARGE$/),
    });
    const many = Array.from({ length: 20 }, (_, at) => ({ name: `x-1/${at}`, bytes: '' }));
    await expect(unpackMembers(many, { entries: 10 })).rejects.toMatchObject({ code: 'TAR_TOO_LARGE' });
  });

  test.each(['x-1.tar.gz', 'x-1.zip', 'x-1.tar.xz', 'x-1.tar'])('bytes that are no %s', async (filename) => {
    const error = await unpackBytes(Buffer.from('these are no archive'), filename).catch((one: unknown) => one);
    expect(isTareError(error), String(error)).toBe(true);
  });

  test('a whole archive of any names and links writes nothing outside', async () => {
    const part = fc.constantFrom('a', 'b', '.', '..', 'x-1', '', 'c.py');
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const member = fc.record({ name: path, flag: fc.constantFrom('0', '1', '2', '5'), target: path });
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 6 }), async (members) => {
        const before = new Set(readdirSync(dir));
        const error = await unpackMembers(members).then(
          () => undefined,
          (one: unknown) => one,
        );
        expect(error === undefined || isTareError(error), String(error)).toBe(true);
        const fresh = readdirSync(dir).filter((name) => !before.has(name));
        expect(fresh.every((name) => /^\d+(?:\.archive)?$/.test(name))).toBe(true);
        for (const name of fresh) {
          if (!name.endsWith('.archive')) expect(readdirSync(join(dir, name))).toEqual(['out']);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('a folder inside is found without following links', async () => {
  const { folder } = await unpackMembers([
    { name: 'x-1/python/setup.py', bytes: '' },
    { name: 'x-1/link', flag: '2', target: 'python' },
  ]);
  expect(await subfolder(folder, 'python', 'x')).toBe(join(folder, 'python'));
  for (const path of ['link', '../x-1', 'none', 'python/setup.py']) {
    await expect(subfolder(folder, path, 'x')).rejects.toMatchObject({ code: 'SDIST_INVALID' });
  }
});
