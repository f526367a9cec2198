import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDirectSource } from './direct-source.ts';

const sha = 'a'.repeat(64);

describe('repositories', () => {
  test.each([
    ['git+https://h.example/a/b.git', { url: 'https://h.example/a/b.git' }],
    ['git+https://h.example/a/b@v1.0', { url: 'https://h.example/a/b', revision: 'v1.0' }],
    ['git+ssh://git@h.example/a/b.git', { url: 'ssh://git@h.example/a/b.git' }],
    ['git+ssh://git@h.example/a/b.git@main', { url: 'ssh://git@h.example/a/b.git', revision: 'main' }],
    ['git+https://u:p@h.example/a@feature/x', { url: 'https://u:p@h.example/a', revision: 'feature/x' }],
    ['git+file:///srv/b@v1#egg=b&subdirectory=py/b', { url: 'file:///srv/b', revision: 'v1', subdirectory: 'py/b' }],
  ])('%s', (address, expected) => {
    expect(parseDirectSource(address)).toEqual({ kind: 'git-reference', ...expected });
  });

  test.each(['git+--upload-pack=x', 'git+https://h.example/a@--exec=x'])('never an option of git: %s', (address) => {
    expect(parseDirectSource(address)).toBeUndefined();
  });
});

test('archives count with their hash', () => {
  const url = 'https://h.example/x-1.tar.gz';
  expect(parseDirectSource(`${url}#sha256=${sha}&subdirectory=py`)).toEqual({
    kind: 'archive',
    filename: 'x-1.tar.gz',
    sha256: `sha256:${sha}`,
    url,
    subdirectory: 'py',
  });
  for (const other of [url, `${url}#sha256=abc`, `https://h.example/x.whl#sha256=${sha}`, 'hg+https://h.example/x']) {
    expect(parseDirectSource(other)).toBeUndefined();
  }
});

test('any text gives a source or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', 'git+', 'git+https://'), (text, scheme) => {
      const found = parseDirectSource(`${scheme}${text}`);
      if (found?.kind === 'git-reference') expect(found.url.startsWith('-')).toBe(false);
    }),
  );
});
