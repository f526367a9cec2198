import { expect, test } from 'vitest';
import { loadWish } from './load-options.ts';

test('--load names an engine, or the folder that nobody gave', () => {
  expect(loadWish({}, undefined)).toEqual({ directory: '.' });
  expect(loadWish({}, 'shop')).toEqual({ directory: 'shop' });
  expect(loadWish({ load: true }, 'shop')).toEqual({ directory: 'shop', load: {} });
  expect(loadWish({ load: 'podman' }, undefined)).toEqual({ directory: '.', load: { engine: 'podman' } });
  expect(loadWish({ load: 'containerd' }, 'shop')).toEqual({ directory: 'shop', load: { engine: 'containerd' } });
  expect(loadWish({ load: 'shop' }, undefined)).toEqual({ directory: 'shop', load: {} });
});

test('a word that is neither is a mistake', () => {
  expect(() => loadWish({ load: 'rkt' }, 'shop')).toThrow('`rkt`, given with --load, is no engine');
});
