import { expect, test } from 'vitest';
import { renderCount } from './format.ts';

test('one thing is told in the singular', () => {
  expect([0, 1, 2].map((number) => renderCount(number, 'Debian package'))).toEqual([
    '0 Debian packages',
    '1 Debian package',
    '2 Debian packages',
  ]);
});
