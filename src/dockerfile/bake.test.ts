import { expect, test } from 'vitest';
import { type BakeService, bakeNames, isOwnBake, renderBake } from './bake.ts';

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

test('a name that looks like a template stays what it is', () => {
  const { target } = JSON.parse(renderBake([{ ...service('a', 'X'), context: 'a${HOME} %{x} $y' }]));
  expect(target.a.context).toBe('a$${HOME} %%{x} $y');
});

test('only what was written here is known again, however it is formatted', () => {
  const text = renderBake([service('a', 'X'), service('b', '${HOME}')]);
  expect(isOwnBake(text)).toBe(true);
  expect(isOwnBake(JSON.stringify(JSON.parse(text)))).toBe(true);
  expect(isOwnBake(text.replace('"b:latest"', '"b:1"'))).toBe(false);
  expect(isOwnBake('{"target":{"a":{"context":".","dockerfile":"Dockerfile","tags":["a:latest"]}}}')).toBe(false);
  for (const other of ['', 'null', '[]', '{"variable":1}', '{"variable":{"made_by_tare_dockerfile":null}}'])
    expect(isOwnBake(other)).toBe(false);
});

test('targets have names that Bake takes, each once', () => {
  expect(bakeNames(['shop', 'shop', 'a.b c', 'default'])).toEqual(['shop', 'shop-2', 'a-b-c', 'default-2']);
});
