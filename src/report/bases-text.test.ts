import { describe, expect, test } from 'vitest';
import type { BaseRow, BasesReport } from '../plan/bases-report.ts';
import { renderBasesMarkdown, renderBasesText } from './bases-text.ts';

const now = new Date('2026-06-01T12:00:00Z');
const slim: BaseRow = {
  base: 'python:3.13-slim',
  state: 'compared',
  python: '3.13.9',
  os: 'Debian GNU/Linux 13 (trixie)',
  libc: 'glibc 2.41',
  packed: 43_000_000,
  unpacked: 119_000_000,
  created: '2026-05-20T00:00:00Z',
  wheels: { total: 3, missing: [] },
  toAdd: { packages: ['libgl1', 'libglib2.0-0t64'], size: 1_200_000 },
};

function reportOf(...rows: readonly BaseRow[]): BasesReport {
  return { project: 'shop', platform: 'linux/amd64', python: '3.13', rows };
}

describe('the table of bases', () => {
  test('a row that is known, and the one that a build takes', () => {
    const text = renderBasesText(reportOf({ ...slim, chosenBecause: { rule: 'it was asked for' } }), now);
    expect(text).toMatch(
      /python:3\.13-slim \* +3\.13\.9 +Debian GNU\/Linux 13 \(trixie\) +glibc 2\.41 +43\.0 MB +119\.0 MB +12 days +all 3 fit +2 packages, 1\.2 MB/,
    );
    expect(text).toContain('* python:3.13-slim: what a build takes: it was asked for');
    expect(text).toContain('python:3.13-slim: to add libgl1, libglib2.0-0t64');
  });

  test('what is not known is a question mark, what is estimated has a tilde', () => {
    const { wheels: _wheels, toAdd: _toAdd, unpacked: _unpacked, ...less } = slim;
    expect(renderBasesText(reportOf({ ...less, isEstimate: true }), now)).toMatch(/~43\.0 MB +\? +12 days +\? +\?/);
  });

  test.each([
    ['2026-06-01T10:00:00Z', 'today'],
    ['2026-02-01T00:00:00Z', '17 weeks'],
    ['2023-06-01T00:00:00Z', '3.0 years'],
    // Some builders write no date into an image.
    ['1970-01-01T00:00:00Z', '?'],
    ['soon', '?'],
  ])('an image of %s is %s old', (created, age) => {
    expect(renderBasesText(reportOf({ ...slim, created }), now)).toContain(` ${age}  all 3 fit`);
  });

  test('wheels that do not fit are named by their reasons', () => {
    const missing = [
      { name: 'a', reason: 'no musllinux wheel' },
      { name: 'b', reason: 'only its source' },
      { name: 'c', reason: 'no musllinux wheel' },
    ];
    const text = renderBasesText(reportOf({ ...slim, wheels: { total: 9, missing } }), now);
    expect(text).toContain('3 of 9 do not fit');
    expect(text).toContain('no wheel that fits for a, c (no musllinux wheel); b (only its source)');
  });

  test('a registry that does not answer is a row', () => {
    const text = renderBasesText(reportOf({ base: 'a.example/b', state: 'login', note: 'wants a login' }), now);
    expect(text).toMatch(/a\.example\/b +wants a login/);
  });

  test('names from outside cannot drive a terminal', () => {
    const text = renderBasesText(reportOf({ ...slim, os: 'Evil\u001b[2J' }), now);
    expect(text).not.toContain('\u001b');
  });

  test('as Markdown, every row has the same columns', () => {
    const report = reportOf({ ...slim, os: 'a | b' }, { base: 'x', state: 'missing', note: 'not there' });
    const rows = renderBasesMarkdown(report, now)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(new Set(rows.map((line) => line.split(/(?<!\\)\|/).length))).toEqual(new Set([11]));
  });
});
