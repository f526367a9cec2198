import { describe, expect, test } from 'vitest';
import { parseLoadedImage } from './provide-image.ts';

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
