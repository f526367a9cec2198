import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stanza } from '../../test/support/base-maker.ts';
import { isTareError } from '../base/errors.ts';
import { parseStatus } from './dpkg-status.ts';

const path = 'var/lib/dpkg/status';
const parse = (text: string, record: 'status' | 'status.d' = 'status') => parseStatus({ path, text, record }, 'amd64');

describe("dpkg's database", () => {
  test('packages count as installed when their files are there, whatever is wanted of them', () => {
    const text =
      stanza('a', '1', { Status: 'hold ok installed' }) +
      stanza('b', '2', { Status: 'install ok triggers-awaited' }) +
      stanza('c', '3', { Status: 'install ok triggers-pending' }) +
      stanza('d', '4', { Status: 'deinstall ok config-files' }) +
      'Package: e\nStatus: unknown ok not-installed\nPriority: optional\n\n';
    expect(parse(text).map((one) => `${one.name} ${one.status}`)).toEqual([
      'a installed',
      'b triggers-awaited',
      'c triggers-pending',
    ]);
  });

  test('lists of files and descriptions of many lines are no fields', () => {
    const text = stanza('a', '1', {
      Conffiles: '\n /etc/a 0123\n /etc/b: 4567 obsolete',
      Description: 'short\n long\n .\n Package: not one',
      Depends: 'libc6 (>= 2.34), b:any | c [arm64]',
      Breaks: 'old (<< 3)',
    });
    expect(parse(text)).toEqual([
      {
        name: 'a',
        version: '1',
        architecture: 'amd64',
        status: 'installed',
        record: 'status',
        multiArch: 'no',
        depends: [[{ name: 'libc6', operator: '>=', version: '2.34' }], [{ name: 'b', qualifier: 'any' }]],
        conflicts: [[{ name: 'old', operator: '<<', version: '3' }]],
        provides: [],
      },
    ]);
  });

  test.each([
    ['half-installed', stanza('x', '1', { Status: 'install ok half-installed' }), 7],
    ['unpacked only', stanza('x', '1', { Status: 'install ok unpacked' }), 7],
    ['half-configured', stanza('x', '1', { Status: 'install ok half-configured' }), 7],
    ['to be installed again', stanza('x', '1', { Status: 'install reinstreq installed' }), 7],
    ['without a status', 'Package: x\nVersion: 1\n', 7],
    ['without a name', 'Status: install ok installed\nVersion: 1\n', 7],
    ['without a version', 'Package: x\nStatus: install ok installed\n', 7],
    ['with a name that is a path', stanza('../../x', '1'), 7],
    ['with a relation that is none', stanza('x', '1', { Depends: 'a (> > 1)' }), 7],
    ['with a line that is no field', 'Package: x\nnonsense\n', 8],
    ['with a field twice', 'Package: x\nPackage: y\n', 8],
    ['merge conflict', '<<<<<<< ours\nPackage: x\n', 7],
  ])('a package %s is named with its line', (_what, text, line) => {
    const before = `${stanza('a', '1')}\n`;
    expect(() => parse(before + text)).toThrow(
      expect.objectContaining({ code: 'BASE_DATABASE_BROKEN', where: `${path}:${line}` }),
    );
  });

  test('a file of `status.d` needs no status', () => {
    expect(parse('Package: x\nVersion: 1\n', 'status.d')).toMatchObject([{ name: 'x', status: 'installed' }]);
  });

  test('whatever the text, it is read or refused by name', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('', 'Package: a', 'Version: 1', 'Status: install ok installed', ' more', 'Depends: b | c'),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          for (const one of parse(lines.join('\n'))) expect(one.name).toMatch(/^[a-z0-9]/);
        } catch (error) {
          expect(isTareError(error) && error.code).toBe('BASE_DATABASE_BROKEN');
        }
      }),
    );
  });
});
