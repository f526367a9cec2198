import { describe, expect, test } from 'vitest';
import { parseLoadedImage } from './engine-client.ts';
import { parseLimits } from './podman.ts';

describe('what `load` says', () => {
  test.each([
    ['Loaded image ID: sha256:0123abc\n', 'sha256:0123abc'],
    ['Loaded image: hello:latest\n', 'hello:latest'],
    ['Loaded image(s): localhost/hello:1\n', 'localhost/hello:1'],
    ['a progress bar\r\nLoaded image: hello:1\nLoaded image: hello:2\n', 'hello:2'],
    ['', undefined],
    ['open image.tar: no such file', undefined],
  ])('%j', (stdout, image) => {
    expect(parseLoadedImage(stdout)).toBe(image);
  });
});

test('podman is asked for limits that this process may give on', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max processes             96364                96364                processes \n' +
    'Max open files            1024                 20000                files     \n';
  expect(parseLimits(text, 32768)).toEqual({ nofile: '1024:20000', nproc: '32768:32768' });
  expect(parseLimits('Max open files unlimited unlimited files\n', 32768)).toEqual({});
});
