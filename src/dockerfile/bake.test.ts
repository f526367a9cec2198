import { expect, test } from 'vitest';
import { type BakeService, bakeNames, renderBake } from './bake.ts';

const service = (name: string, text: string): BakeService => ({
  name,
  context: name,
  dockerfile: 'Dockerfile',
  tag: `${name}:latest`,
  platforms: ['linux/amd64'],
  shared: { name: 'runtime', text },
});

test('a stage that services have word for word is built once', () => {
  const { target } = JSON.parse(renderBake([service('a', 'X'), service('b', 'X'), service('c', 'Y')]));
  expect(target.runtime).toEqual({ 'dockerfile-inline': 'X', target: 'runtime' });
  expect(target.a.contexts).toEqual({ runtime: 'target:runtime' });
  expect(target.b.contexts).toEqual({ runtime: 'target:runtime' });
  expect(target.c.contexts).toBeUndefined();
});

test('targets have names that Bake takes, each once', () => {
  expect(bakeNames(['shop', 'shop', 'a.b c', 'default'])).toEqual(['shop', 'shop-2', 'a-b-c', 'default-2']);
});
