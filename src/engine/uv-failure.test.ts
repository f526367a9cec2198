import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUvFailure, resolveFailed } from './uv-failure.ts';

const nothingFits = `  × No solution found when resolving dependencies:
  ╰─▶ Because flask==3.0.0 depends on werkzeug>=3.0.0 and you require
      flask==3.0, we can conclude that you require werkzeug>=3.0.0.

hint: Pre-releases are available for \`werkzeug\``;

test("uv's explanation is kept as plain lines, and its hints apart", () => {
  expect(parseUvFailure(nothingFits)).toEqual({
    explanation:
      'No solution found when resolving dependencies:\n' +
      'Because flask==3.0.0 depends on werkzeug>=3.0.0 and you require\n' +
      'flask==3.0, we can conclude that you require werkzeug>=3.0.0.',
    hints: ['Pre-releases are available for `werkzeug`'],
  });
});

describe('what went wrong', () => {
  test.each([
    ['nothing fits', nothingFits, /no set of versions that fits/, false],
    ['no wheels', 'Because all versions of x have no usable wheels', /all have wheels/, false],
    [
      'no network',
      'error: Failed to fetch: `u`\n  Caused by: error sending request for url (u)',
      /does not reach/,
      true,
    ],
    ['a server in trouble', 'HTTP status server error (503 Service Unavailable) for url (u)', /does not reach/, true],
    ['no access', 'HTTP status client error (401 Unauthorized) for url (u)', /refuses access/, false],
    ['no trust', 'error sending request\n  invalid peer certificate: UnknownIssuer', /does not trust/, false],
    ['no such syntax', "error: Couldn't parse requirement in `-` at position 0", /cannot read the requirements/, false],
    ['nothing said', '', /uv gives no reason/, false],
  ])('%s', (title, stderr, message, transient) => {
    const error = resolveFailed(stderr, 'Python 3.13', false);
    expect(error).toMatchObject({ message: expect.stringMatching(message), transient });
    // Whether another Python may help.
    expect(error.code).toBe(/nothing fits|no wheels/.test(title) ? 'RESOLVE_IMPOSSIBLE' : 'RESOLVE_FAILED');
    expect(error.hint).not.toBe('');
  });

  test('offline, a package that is not in the cache', () => {
    const error = resolveFailed('Because six was not found in the cache and you require six', 'Python 3.13', true);
    expect(error).toMatchObject({ transient: false, hint: expect.stringContaining('without --offline') });
  });

  test('credentials in an address that uv shows are removed', () => {
    const error = resolveFailed(
      'error sending request for url (https://u:secret@index.example/simple?token=abc)',
      't',
      false,
    );
    expect(`${error.message}${error.hint}`).not.toMatch(/secret|abc/);
  });

  test('any text gives an error with a hint', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (stderr, offline) => {
        const error = resolveFailed(stderr, 'Python 3.13', offline);
        expect(error.code).toMatch(/^RESOLVE_(?:FAILED|IMPOSSIBLE)$/);
        expect(error.hint).toBeDefined();
      }),
    );
  });
});
