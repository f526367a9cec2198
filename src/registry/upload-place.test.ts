import { expect, test } from 'vitest';
import type { HttpResponse } from '../base/context.ts';
import type { Session } from './session.ts';
import { uploadPlaceOf } from './upload-place.ts';

const place = (location: string | undefined, own = 'https://registry.example:5000') => {
  const session = { registry: 'registry.example', address: (path: string) => `${own}${path}` } as Session;
  const response = {
    url: `${own}/v2/team/app/blobs/uploads/`,
    header: (name: string) => (name === 'location' ? location : undefined),
  } as HttpResponse;
  return uploadPlaceOf(session, response, undefined).url;
};

test.each([
  ['/v2/team/app/blobs/uploads/1', 'https://registry.example:5000/v2/team/app/blobs/uploads/1'],
  ['1?_state=a%2Bb', 'https://registry.example:5000/v2/team/app/blobs/uploads/1?_state=a%2Bb'],
  ['https://registry.example:5000/x?y=z', 'https://registry.example:5000/x?y=z'],
  ['https://storage.example/x?signature=1', 'https://storage.example/x?signature=1'],
  // Behind a proxy that ends TLS.
  ['http://registry.example/x', 'https://registry.example:5000/x'],
  ['https://jo:secret@registry.example:5000/x#y', 'https://registry.example:5000/x'],
])('%s', (location, expected) => {
  expect(place(location)).toBe(expected);
});

test.each([undefined, 'http://storage.example/x', 'ftp://registry.example/x', 'https://'])(
  'is refused: %s',
  (location) => {
    expect(() => place(location)).toThrow(expect.objectContaining({ code: 'REGISTRY_LOCATION_INVALID' }));
  },
);

test('a registry without TLS may name places without TLS', () => {
  expect(place('http://127.0.0.1:5000/x', 'http://127.0.0.1:5000')).toBe('http://127.0.0.1:5000/x');
});
