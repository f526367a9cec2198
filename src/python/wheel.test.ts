import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MadeWheel, makeWheel, recordLine } from '../../test/support/wheel-maker.ts';
import { isTareError } from '../base/errors.ts';
import { readWheel, type Wheel } from './wheel.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tare-wheel-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function read(made: MadeWheel, filename?: string): Promise<Wheel> {
  const wheel = makeWheel(made);
  // In the cache a wheel has another name than its own.
  const file = join(folder, 'blob');
  await writeFile(file, wheel.bytes);
  return readWheel(file, filename ?? wheel.filename);
}

async function refusal(
  made: MadeWheel,
  filename?: string,
): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await read(made, filename);
  } catch (error) {
    if (!isTareError(error)) throw error;
    expect(error.where).not.toBe('');
    return { code: error.code, message: `${error.where} ${error.message}` };
  }
  return { code: 'accepted', message: '' };
}

const hashOf = (text: string, algorithm = 'sha256'): string => createHash(algorithm).update(text).digest('hex');

test('reads what a wheel says', async () => {
  const wheel = await read({
    name: 'Demo-Package',
    version: '1.0',
    files: {
      'demo/': { data: '', method: 0, mode: 0o040755 },
      'demo/__init__.py': 'x = 1\n',
      'demo/tool': { data: 'elf', mode: 0o100755 },
      'Demo_Package-1.0.data/scripts/run': '#!python\n',
      'Demo_Package-1.0.data/scripts/sh': '#!/bin/sh\n',
    },
    metadata: ['Requires-Python: >=3.9', 'Requires-Dist: h11'],
    entryPoints: '[console_scripts]\ndemo = demo:main\n',
  });
  expect(wheel).toMatchObject({
    name: 'demo-package',
    version: '1.0',
    filename: 'Demo_Package-1.0-py3-none-any.whl',
    rootIsPurelib: true,
    tags: ['py3-none-any'],
    distInfo: 'Demo_Package-1.0.dist-info',
    dataFolder: 'Demo_Package-1.0.data',
    metadata: { requiresPython: '>=3.9', requiresDist: ['h11'] },
    entryPoints: [{ group: 'console_scripts', name: 'demo' }],
    warnings: [],
  });
  const [init, tool, script, shell] = wheel.members;
  expect(init).toMatchObject({ name: 'demo/__init__.py', slice: { sha256: `sha256:${hashOf('x = 1\n')}`, size: 6 } });
  expect(tool).toMatchObject({ name: 'demo/tool', mode: 0o100755 });
  expect(Buffer.from(script?.script ?? '').toString()).toBe('#!python\n');
  expect(shell).not.toHaveProperty('script');
  expect(structuredClone(wheel)).toEqual(wheel);
});

describe('names are compared as the specifications say', () => {
  test.each([
    ['another spelling', 'demo_package-1.0-py3-none-any.whl'],
    ['an equal version', 'Demo_Package-1.0.0-py3-none-any.whl'],
    ['a build tag', 'demo.package-1.0-1-py3-none-any.whl'],
  ])('%s', async (_what, filename) => {
    await expect(read({ name: 'Demo-Package' }, filename)).resolves.toMatchObject({ name: 'demo-package' });
  });
});

describe('what pip lets pass is a warning, and is hashed here', () => {
  test('members without a row, rows without a hash or a file', async () => {
    const wheel = await read({
      files: { 'demo/a.py': 'a', 'demo/b.py': 'b', 'demo/c.py': 'c' },
      record: (lines) => [
        ...lines.filter((line) => !/a\.py|b\.py|c\.py/.test(line)),
        'demo/c.py,,',
        'demo/gone.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0',
      ],
    });
    expect(wheel.warnings.map(({ code }) => code)).toEqual([
      'RECORD_ROW_MISSING',
      'RECORD_HASH_MISSING',
      'RECORD_FILE_MISSING',
    ]);
    expect(wheel.warnings[0]?.message).toContain('`demo/a.py` (and 1 more)');
    expect(wheel.members.slice(0, 3).map(({ slice }) => slice.sha256)).toEqual(
      ['a', 'b', 'c'].map((text) => `sha256:${hashOf(text)}`),
    );
  });

  test('a stronger hash is checked and stands for SHA-256', async () => {
    const wheel = await read({
      files: { 'demo/a.py': 'a' },
      record: (lines) => [recordLine({ name: 'demo/a.py', data: 'a' }, 'sha512'), ...lines.slice(1)],
    });
    expect(wheel.warnings).toEqual([]);
    expect(wheel.members[0]?.slice.sha256).toBe(`sha256:${hashOf('a')}`);
  });

  test('signatures need no row; a later minor version of the format is worth a word', async () => {
    const info = { 'RECORD.jws': '{}', 'RECORD.p7s': '', WHEEL: 'Wheel-Version: 1.9\nRoot-Is-Purelib: false\n' };
    const wheel = await read({ info, record: (lines) => lines.filter((line) => !/jws|p7s/.test(line)) });
    expect(wheel.warnings.map(({ code }) => code)).toEqual(['WHEEL_VERSION_NEWER']);
    expect(wheel.rootIsPurelib).toBe(false);
  });
});

describe('a bad wheel is refused', () => {
  const other = (line: string) => (lines: readonly string[]) => [line, ...lines.slice(1)];
  const cases: readonly (readonly [string, string, MadeWheel, string?])[] = [
    ['WHEEL_NAME_INVALID', 'no wheel name', {}, 'demo.zip'],
    ['WHEEL_DIST_INFO_INVALID', 'another name', {}, 'other-1.0-py3-none-any.whl'],
    ['WHEEL_DIST_INFO_INVALID', 'another version', {}, 'demo-1.1-py3-none-any.whl'],
    ['WHEEL_DIST_INFO_INVALID', 'two .dist-info', { files: { 'x-1.dist-info/METADATA': '' } }],
    ['WHEEL_DATA_INVALID', 'the .data of another', { files: { 'x-1.data/data/a': '' } }],
    ['WHEEL_DATA_INVALID', 'two .data', { files: { 'demo-1.0.data/data/a': '', 'Demo-1.0.data/data/a': '' } }],
    ['WHEEL_INVALID', 'no WHEEL', { info: { WHEEL: undefined } }],
    ['WHEEL_INVALID', 'no METADATA', { info: { METADATA: undefined } }],
    ['WHEEL_INVALID', 'no RECORD', { info: { RECORD: undefined } }],
    ['WHEEL_INVALID', 'METADATA in Latin-1', { info: { METADATA: Buffer.from('Name: \xfc\n', 'latin1') } }],
    ['WHEEL_VERSION_UNSUPPORTED', 'format 2', { info: { WHEEL: 'Wheel-Version: 2.0\n' } }],
    ['WHEEL_VERSION_UNSUPPORTED', 'no format', { info: { WHEEL: 'Generator: x\n' } }],
    ['WHEEL_METADATA_MISMATCH', 'METADATA of another', { info: { METADATA: 'Name: x\nVersion: 1.0\n' } }],
    ['METADATA_INVALID', 'empty METADATA', { info: { METADATA: '' } }],
    ['ENTRY_POINTS_INVALID', 'bad entry points', { entryPoints: 'x' }],
    ['RECORD_INVALID', 'a weak hash', { record: other('demo/__init__.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,0') }],
    [
      'RECORD_INVALID',
      'another size',
      { record: (lines) => lines.map((line) => line.replace(/py,(.*),0$/, 'py,$1,7')) },
    ],
    ['RECORD_INVALID', 'two different rows', { record: (lines) => [...lines, 'demo/__init__.py,,'] }],
    ['RECORD_HASH_MISMATCH', 'another stronger hash', { record: other(`demo/__init__.py,sha384=${'A'.repeat(64)},`) }],
    [
      'RECORD_HASH_MISMATCH',
      'changed METADATA',
      {
        record: (lines) =>
          lines.map((line) => line.replace(/METADATA,sha256=.{43}/, `METADATA,sha256=${'A'.repeat(43)}`)),
      },
    ],
    ['ZIP_AMBIGUOUS', 'a hostile archive', { archive: { comment: makeWheel().bytes.subarray(-22) } }],
  ];
  const table = cases.map(([code, what, made, filename]) => ({ code, what, made, filename }));
  test.each(table)('$code: $what', async ({ code, made, filename }) => {
    expect(await refusal(made, filename)).toMatchObject({ code });
  });

  test('a script that is not what RECORD says', async () => {
    const made: MadeWheel = {
      files: { 'demo-1.0.data/scripts/run': '#!python\n' },
      record: other(`demo-1.0.data/scripts/run,sha256=${'A'.repeat(43)},9`),
    };
    expect(await refusal(made)).toMatchObject({ code: 'RECORD_HASH_MISMATCH' });
  });

  test('random text in every file of the .dist-info gives an error of the family or a wheel', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '[', ']', '=', ':', ',', '\n', 'Name', 'Wheel-Version: 1', '"'),
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('WHEEL', 'METADATA', 'RECORD', 'entry_points.txt'), text, async (file, data) => {
        expect((await refusal({ info: { [file]: data } })).code).toMatch(/^[A-Za-z_]+$/);
      }),
      { numRuns: 100 },
    );
  });
});
