import { expect, test } from 'vitest';
import { namedSource } from './direct.ts';

const hex = 'a'.repeat(64);

test.each([
  ['a git requirement', 'shop @ git+https://git.example/shop@v1', 'git-reference'],
  ['one by its address alone, as pip takes it', 'git+https://git.example/shop@v1#egg=Shop', 'git-reference'],
  ['an archive with its hash', `shop @ https://files.example/shop-1.tar.gz#sha256=${hex}`, 'archive'],
  [
    'an archive with its hash as an option',
    `shop @ https://files.example/shop-1.tar.gz --hash=sha256:${hex}`,
    'archive',
  ],
])('%s is built', (_title, line, kind) => {
  expect(namedSource(line)).toMatchObject({ requirement: { name: 'shop' }, direct: { kind } });
});

test('markers and extras of a bare address stay', () => {
  expect(namedSource('git+https://git.example/shop#egg=shop ; python_version < "3"')?.requirement.marker).toBeDefined();
});

test.each(['shop==1.0', 'shop @ https://files.example/shop-1-py3-none-any.whl', '# a @ b', ''])('%j is not', (line) => {
  expect(namedSource(line)).toBeUndefined();
});

test('an archive without a hash is refused, with the address but not its password', () => {
  const line = 'shop @ https://me:secret@files.example/shop-1.tar.gz';
  expect(() => namedSource(line)).toThrow(expect.objectContaining({ code: 'SOURCE_HASH_MISSING' }));
  expect(() => namedSource(line)).not.toThrow(/secret/);
});

test('a git address without a name is refused', () => {
  expect(() => namedSource('git+https://git.example/shop')).toThrow(
    expect.objectContaining({ code: 'SOURCE_NAME_MISSING', hint: expect.stringContaining('NAME @') }),
  );
});
