import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { parseMetadata } from './metadata.ts';

const head = 'Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n';

describe('parseMetadata', () => {
  test('reads the fields that matter', () => {
    const text = [
      'Metadata-Version: 2.4',
      'name: BeagleVote',
      'VERSION: 1.0a2',
      'Summary: A module for collecting votes',
      'Requires-Python: >=3.9, <4',
      'Requires-Dist: pkginfo',
      "Requires-Dist: PasteDeploy; extra == 'web'",
      'Provides-Extra: web',
      'License-Expression: MIT OR Apache-2.0',
      'License-File: LICENSE',
      'Author: C. Schultz,',
      '        Universal Features',
      'Author-email: a@example',
      'Project-URL: Bug Tracker, http://bugs.example/',
      'Project-URL: broken',
      'Dynamic: Requires-Dist',
      'Classifier: Framework :: FastAPI',
      'Home-page: http://beagle.example/',
      '',
      'Name: not a field, but the description',
    ].join('\n');
    expect(parseMetadata(text, 'm')).toEqual({
      metadataVersion: '2.4',
      name: 'BeagleVote',
      version: '1.0a2',
      summary: 'A module for collecting votes',
      requiresPython: '>=3.9, <4',
      requiresDist: ['pkginfo', "PasteDeploy; extra == 'web'"],
      providesExtra: ['web'],
      licenseExpression: 'MIT OR Apache-2.0',
      licenseFiles: ['LICENSE'],
      author: 'C. Schultz,\nUniversal Features',
      authorEmail: 'a@example',
      homePage: 'http://beagle.example/',
      projectUrls: { 'Bug Tracker': 'http://bugs.example/' },
      classifiers: ['Framework :: FastAPI'],
      dynamic: ['requires-dist'],
    });
  });

  test('reads every line end, old folding, and takes UNKNOWN for nothing', () => {
    const text =
      'Metadata-Version: 1.1\r\nName: a\rVersion: 1\nLicense: one\n       |two\n        three\nSummary: UNKNOWN\n';
    const { license, summary } = parseMetadata(text, 'm');
    expect(license).toBe('one\ntwo\nthree');
    expect(summary).toBeUndefined();
  });

  test('a project URL cannot reach into the object', () => {
    const { projectUrls } = parseMetadata(`${head}Project-URL: __proto__, http://x.example/\n`, 'm');
    expect(Object.keys(projectUrls)).toEqual(['__proto__']);
  });

  test.each([
    ['no name', 'Metadata-Version: 2.1\nVersion: 1\n'],
    ['no version', 'Metadata-Version: 2.1\nName: a\n'],
    ['two names', `${head}Name: other\n`],
    ['a name of two lines', 'Metadata-Version: 2.1\nName: a\n b\nVersion: 1\n'],
    ['a later format', 'Metadata-Version: 3.0\nName: a\nVersion: 1\n'],
    ['a page instead', '<html>\n<body>Not found</body>\n'],
    ['nothing', ''],
  ])('refuses %s', (_what, text) => {
    expect(() => parseMetadata(text, 'a.whl: METADATA')).toThrow(
      expect.objectContaining({ code: 'METADATA_INVALID', where: 'a.whl: METADATA' }),
    );
  });

  test('no text breaks it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('Name', ':', ' ', '\n', '\r', '\t', 'x', '|', '\0') }), (text) => {
        try {
          parseMetadata(head + text, 'm');
        } catch (error) {
          expect(isTareError(error)).toBe(true);
        }
      }),
    );
  });
});
