import { expect, test } from 'vitest';
import { renderLoadText } from './load-text.ts';

const image = { engine: 'docker', reference: 'shop:1.0', platform: 'linux/amd64', bytes: 43_044, seconds: 0.173 };

test('what moved is said, and what was there', () => {
  expect(renderLoadText({ ...image, by: 'registry', layers: { total: 14, present: 13 } })).toBe(
    'docker has shop:1.0 for linux/amd64 (13 of 14 layers were there, 43 kB moved, 173 ms)',
  );
  expect(
    renderLoadText({ ...image, by: 'archive', bytes: 50_900_000, seconds: 2.7, layers: { total: 14, present: 0 } }),
  ).toBe('docker has shop:1.0 for linux/amd64 (50.9 MB as an archive, 2.7 s)');
});
