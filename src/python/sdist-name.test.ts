import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sdistVersion } from './sdist-name.ts';

test.each([
  ['docopt-0.6.2.tar.gz', 'docopt', '0.6.2'],
  ['Zope.Interface-5.0.zip', 'zope-interface', '5.0'],
  ['python-dateutil-2.8.tar.gz', 'python-dateutil', '2.8'],
  ['x-1.0-rc1.tar.gz', 'x', '1.0rc1'],
  ['other-1.0.tar.gz', 'x', undefined],
  ['x-1.0-py3-none-any.whl', 'x', undefined],
  ['x-latest.tar.gz', 'x', undefined],
])('%s', (filename, name, version) => {
  expect(sdistVersion(filename, name)).toBe(version);
});

test('any name gives a version or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '.tar.gz', '.zip'), (stem, ending) => {
      expect(['string', 'undefined']).toContain(typeof sdistVersion(`${stem}${ending}`, 'x'));
    }),
  );
});
