import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { parseReference, renderReference, withWholeName } from './reference.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

describe('references of the grammar', () => {
  test.each([
    ['hello', { repository: 'hello' }],
    ['hello_com', { repository: 'hello_com' }],
    ['hello.example', { repository: 'hello.example' }],
    ['hello.example:tag', { repository: 'hello.example', tag: 'tag' }],
    ['hello.example:5000', { repository: 'hello.example', tag: '5000' }],
    ['registry.example/repo:tag', { registry: 'registry.example', repository: 'repo', tag: 'tag' }],
    ['registry:5000/repo', { registry: 'registry:5000', repository: 'repo' }],
    ['registry:5000/repo:tag', { registry: 'registry:5000', repository: 'repo', tag: 'tag' }],
    [`registry:5000/repo@${digest}`, { registry: 'registry:5000', repository: 'repo', digest }],
    [`registry:5000/repo:tag@${digest}`, { registry: 'registry:5000', repository: 'repo', tag: 'tag', digest }],
    ['localhost/repo', { registry: 'localhost', repository: 'repo' }],
    ['team/repo', { repository: 'team/repo' }],
    ['Uppercase/lowercase:Tag', { registry: 'Uppercase', repository: 'lowercase', tag: 'Tag' }],
    ['sub-dom1.registry.example/a/b/c', { registry: 'sub-dom1.registry.example', repository: 'a/b/c' }],
    [
      'b.example/app.example.com/my-app:app.example.com',
      { registry: 'b.example', repository: 'app.example.com/my-app', tag: 'app.example.com' },
    ],
    [
      'xn--n3h.example/image:xn--n3h.example',
      { registry: 'xn--n3h.example', repository: 'image', tag: 'xn--n3h.example' },
    ],
    ['foo_bar.example:8080', { repository: 'foo_bar.example', tag: '8080' }],
    ['a__b/c---d/e.f', { repository: 'a__b/c---d/e.f' }],
    ['192.0.2.1:5000/repo', { registry: '192.0.2.1:5000', repository: 'repo' }],
    ['[2001:db8::1]:5000/repo:1', { registry: '[2001:db8::1]:5000', repository: 'repo', tag: '1' }],
    ['[::1]/repo', { registry: '[::1]', repository: 'repo' }],
    [`${'a/'.repeat(127)}a:tag`, { repository: `${'a/'.repeat(127)}a`, tag: 'tag' }],
    [`a:${'t'.repeat(128)}`, { repository: 'a', tag: 't'.repeat(128) }],
  ])('%s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
    expect(renderReference(parseReference(text))).toBe(text);
  });
});

describe('what is none', () => {
  test.each([
    '',
    ':justtag',
    `@${digest}`,
    'repo@sha256:abcd',
    `repo@sha512:${'ab'.repeat(64)}`,
    `repo@${digest.toUpperCase()}`,
    `repo@${digest}@${digest}`,
    'repo:',
    'repo@',
    'Repo:tag',
    'registry:5000/Uppercase/lowercase:tag',
    'aa/asdf$$^/aa',
    'a//b',
    '/a',
    'a/',
    'a..b',
    'a___b',
    '-a',
    'a-',
    'a_.b',
    'a b',
    'a\n',
    'a:tag\n',
    'a:-tag',
    `a:${'t'.repeat(129)}`,
    `${'a/'.repeat(128)}a`,
    '[::1]',
    '[fe80::1%eth0]:5000/repo',
    '[not an address]/repo',
    '-registry.example/repo',
    'registry.example:port/repo',
    'registry_bad.example/repo',
    'https://registry.example/repo',
    'a'.repeat(5000),
  ])('%j', (text) => {
    expect(() => parseReference(text, 'tare.toml:3')).toThrow(
      expect.objectContaining({ code: 'REFERENCE_INVALID', where: 'tare.toml:3' }),
    );
  });

  test('any text is parsed or refused, and what is parsed renders as it was', () => {
    const pieces = fc.string({
      unit: fc.constantFrom('a', 'B', '1', '.', ':', '/', '@', '-', '_', '[', ']', ' ', 'é'),
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.oneof(pieces, fc.string()), (text) => {
        try {
          expect(renderReference(parseReference(text))).toBe(text);
        } catch (error) {
          expect(isTareError(error)).toBe(true);
        }
      }),
    );
  });
});

test.each(['jo:w0rd@registry.example/app', 'jo:w0/rd@registry.example/app:1', 'jo:w0@rd@registry.example/app'])(
  '%s is refused without its password in the message',
  (text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({
        code: 'REFERENCE_INVALID',
        message: expect.stringMatching(/^image reference `…@registry\.example\/app(?::1)?` names a user$/),
      }),
    );
  },
);

test.each([
  ['hello', 'docker.io/library/hello'],
  ['team/hello:1', 'docker.io/team/hello:1'],
  ['docker.io/hello', 'docker.io/library/hello'],
  ['index.docker.io/team/hello', 'docker.io/team/hello'],
  ['evildocker.io/hello', 'evildocker.io/hello'],
  ['registry.example/hello', 'registry.example/hello'],
])('%s is %s to Docker', (short, whole) => {
  expect(renderReference(withWholeName(parseReference(short)))).toBe(whole);
});
