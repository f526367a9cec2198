import { expect, test } from 'vitest';
import { nextRequest } from './redirect.ts';

function redirected(
  url: string,
  status: number,
  location: string | undefined,
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' = 'GET',
) {
  return nextRequest(
    { url, method, body: 'x', headers: { 'content-type': 'a/b' } },
    { status, header: () => location },
  );
}

test('a body with a secret goes to no other origin', () => {
  const secret = {
    url: 'https://a.example/token',
    method: 'POST',
    body: 'refresh_token=x',
    isConfidential: true,
  } as const;
  const to = (location: string) => nextRequest(secret, { status: 307, header: () => location });
  expect(() => to('https://b.example/token')).toThrow(expect.objectContaining({ code: 'HTTP_REDIRECT_REFUSED' }));
  expect(to('/other')).toMatchObject({ url: 'https://a.example/other', body: 'refresh_token=x' });
});

test('how one origin is reached says nothing of another', () => {
  const connection = { client: { certificate: 'c', key: 'k' }, isUnverified: true };
  const to = (location: string) =>
    nextRequest({ url: 'https://a.example/x', connection }, { status: 302, header: () => location });
  expect(to('https://b.example/')?.connection).toBeUndefined();
  expect(to('https://a.example:444/')?.connection).toBeUndefined();
  expect(to('/y')?.connection).toBe(connection);
});

test.each([
  [200, 'http://b.example/'],
  [304, 'http://b.example/'],
  [302, undefined],
])('%i to %s is no redirect', (status, location) => {
  expect(redirected('http://a.example/', status, location)).toBeUndefined();
});

test.each([
  ['https://a.example/', 'http://a.example/'],
  ['https://a.example/', 'http://b.example/'],
  ['http://a.example/', 'file:///etc/passwd'],
  ['http://a.example/', 'https://'],
])('from %s to %s is refused', (from, to) => {
  expect(() => redirected(from, 302, to)).toThrow(expect.objectContaining({ code: 'HTTP_REDIRECT_REFUSED' }));
});

test.each([
  [301, 'POST', 'GET'],
  [302, 'POST', 'GET'],
  [303, 'PUT', 'GET'],
  [303, 'HEAD', 'HEAD'],
  [307, 'POST', 'POST'],
  [308, 'PUT', 'PUT'],
  [302, 'PUT', 'PUT'],
] as const)('%i turns %s into %s', (status, method, expected) => {
  const next = redirected('http://a.example/x/y', status, '../z', method);
  expect(next?.method).toBe(expected);
  expect(next?.url).toBe('http://a.example/z');
  expect(next?.body === undefined).toBe(expected === 'GET');
});

test('user information in the target is not used', () => {
  expect(redirected('http://a.example/', 302, 'http://jo:pw@b.example/')?.url).toBe('http://b.example/');
});
