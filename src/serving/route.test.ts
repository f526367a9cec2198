import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRoute } from './route.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('a request for', () => {
  test.each([
    ['/v2', { kind: 'base' }],
    ['/v2/', { kind: 'base' }],
    ['/v2/team/app/manifests/1.0', { kind: 'manifest', repository: 'team/app', reference: '1.0' }],
    [`/v2/app/manifests/${digest}`, { kind: 'manifest', repository: 'app', reference: digest }],
    [`/v2/app/manifests/${digest.replace(':', '%3A')}`, { kind: 'manifest', repository: 'app', reference: digest }],
    [`/v2/app/blobs/${digest}`, { kind: 'blob', repository: 'app', digest }],
    ['/v2/app/blobs/uploads/', { kind: 'upload', repository: 'app' }],
    ['/v2/app/blobs/uploads/some-id?state=x', { kind: 'upload', repository: 'app' }],
    ['/v2/app/tags/list', { kind: 'tags', repository: 'app' }],
    ['/v2/app/tags/list?n=2&last=a%20b', { kind: 'tags', repository: 'app', count: '2', last: 'a b' }],
    [`/v2/app/referrers/${digest}`, { kind: 'referrers', repository: 'app', digest, isFiltered: false }],
    [
      `/v2/app/referrers/${digest}?artifactType=a/b`,
      { kind: 'referrers', repository: 'app', digest, isFiltered: true },
    ],
    // A repository may be called like a part of the address.
    ['/v2/tags/list/tags/list', { kind: 'tags', repository: 'tags/list' }],
    ['/v2/manifests/manifests/1', { kind: 'manifest', repository: 'manifests', reference: '1' }],
  ])('%s', (target, route) => {
    expect(parseRoute(target)).toEqual(route);
  });

  test.each([
    '',
    '*',
    '/',
    '/v1/app/manifests/1',
    '/v2/app',
    '/v2/manifests/1',
    '/v2//manifests/1',
    '/v2/App/manifests/1',
    '/v2/../app/manifests/1',
    '/v2/app/../../etc/passwd/manifests/1',
    '/v2/%2e%2e/%2e%2e/etc/manifests/1',
    '/v2/app/manifests/',
    '/v2/app/manifests/a/b',
    '/v2/app/manifests/..%2f..%2fetc%2fpasswd',
    '/v2/app/blobs/%00/..',
    '/v2/app/manifests/%',
    '/v2/app/tags/list/',
    'http://registry.example/v2/',
    `/v2/${'a'.repeat(256)}/manifests/1`,
    `/v2/app/manifests/${'a'.repeat(5000)}`,
  ])('nothing that a registry has: %s', (target) => {
    expect(parseRoute(target)).toBeUndefined();
  });
});

test('whatever is asked for, a repository has the form of a name', () => {
  const word = fc.oneof(
    fc.constantFrom('v2', 'manifests', 'blobs', 'tags', 'list', 'uploads', '..', '.', '%2f', '%', 'app', digest),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      const route = parseRoute(`/${words.join('/')}`);
      if (route === undefined || route.kind === 'base') return;
      expect(route.repository).toMatch(/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/);
      expect(route.repository).not.toMatch(/(^|\/)\.|\.\.|\/\//);
    }),
  );
});
