import { describe, expect, test } from 'vitest';
import { resolveProxy } from './proxy.ts';

function proxyFor(url: string, env: Readonly<Record<string, string>>): string | undefined {
  return resolveProxy(new URL(url), env)?.url;
}

describe('which proxy', () => {
  const env = { HTTP_PROXY: 'http://plain.example:1', HTTPS_PROXY: 'tls.example:2', ALL_PROXY: 'http://all.example:3' };

  test('by scheme, with `http://` where none is given', () => {
    expect(proxyFor('http://a.example', env)).toBe('http://plain.example:1');
    expect(proxyFor('https://a.example', env)).toBe('http://tls.example:2');
    expect(proxyFor('https://a.example', { ALL_PROXY: 'http://all.example:3' })).toBe('http://all.example:3');
    expect(proxyFor('https://a.example', {})).toBeUndefined();
  });

  test('lower-case names win; an empty value is none', () => {
    expect(proxyFor('https://a.example', { ...env, https_proxy: 'http://low.example:4' })).toBe('http://low.example:4');
    expect(proxyFor('http://a.example', { HTTP_PROXY: '' })).toBeUndefined();
  });

  test('user information becomes a header value and leaves the address', () => {
    expect(resolveProxy(new URL('http://a.example'), { HTTP_PROXY: 'http://jo@proxy.example:3128/' })).toEqual({
      url: 'http://proxy.example:3128',
      authorization: `Basic ${Buffer.from('jo:').toString('base64')}`,
    });
  });

  test.each(['socks5://proxy.example', 'http://', 'http://a b'])(
    '%s cannot be used, and the error does not repeat it',
    (value) => {
      expect(() => proxyFor('http://a.example', { HTTP_PROXY: value })).toThrow(
        expect.objectContaining({ code: 'PROXY_INVALID' }),
      );
    },
  );
});

describe('NO_PROXY', () => {
  test.each([
    ['*', 'http://a.example', true],
    ['a.example', 'http://a.example', true],
    ['a.example', 'http://sub.a.example:8080', true],
    ['.a.example', 'http://sub.a.example', true],
    ['*.a.example', 'http://sub.a.example', true],
    ['a.example', 'http://nota.example', false],
    ['A.Example', 'http://a.example', true],
    ['a.example:8080', 'http://a.example', false],
    ['a.example:8080', 'http://a.example:8080', true],
    ['a.example:443', 'https://a.example', true],
    ['b.example, a.example', 'http://a.example', true],
    ['10.0.0.0/8', 'http://10.200.3.4', true],
    ['10.0.0.0/8', 'http://11.0.0.1', false],
    ['10.0.0.0/8', 'http://ten.example', false],
    ['127.0.0.1', 'http://127.0.0.1:5000', true],
    ['::1', 'http://[::1]:5000', true],
    ['[::1]:5000', 'http://[::1]:5000', true],
    ['[::1]:5001', 'http://[::1]:5000', false],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['10.0.0.0/99', 'http://10.0.0.1', false],
    ['', 'http://a.example', false],
  ])('%s with %s', (list, url, isDirect) => {
    expect(
      proxyFor(url, { http_proxy: 'http://p.example', https_proxy: 'http://p.example', no_proxy: list }) === undefined,
    ).toBe(isDirect);
  });
});
