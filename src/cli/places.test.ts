import { expect, test } from 'vitest';
import { placeOrReference } from './places.ts';

test.each([
  ['registry.example/team/app', 'docker://registry.example/team/app'],
  ['registry.example/app:1.0', 'docker://registry.example/app:1.0'],
  ['127.0.0.1:5000/app', 'docker://127.0.0.1:5000/app'],
  ['reg:5000/app', 'docker://reg:5000/app'],
  ['localhost/app', 'docker://localhost/app'],
  ['docker://library/python', 'docker://library/python'],
  ['oci:out', 'oci:/here/out'],
  ['examples/typo', '/here/examples/typo'],
  ['./registry.example/app', '/here/registry.example/app'],
  ['../registry.example/app', '/registry.example/app'],
  ['app.tar', '/here/app.tar'],
])('%s is %s', (text, place) => {
  expect(placeOrReference(text, '/here')).toBe(place);
});
