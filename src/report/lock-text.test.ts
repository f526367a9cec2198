import { expect, test } from 'vitest';
import { renderLockText } from './lock-text.ts';

const target = { platform: 'linux/amd64', python: '3.13.5', base: 29, system: 2, wheels: 10 };

test('an upgrade is told package by package, with the bytes that are new', () => {
  const platforms = ['linux/amd64'];
  const text = renderLockText({
    state: 'updated',
    reasons: ['`requirements.txt` changed'],
    bytes: 103_000,
    targets: [target],
    changes: [
      { kind: 'python', name: 'Python', from: '3.13.5', to: '3.13.6', platforms, bytes: 0 },
      { kind: 'wheel', name: 'flask', from: '3.1.0', to: '3.1.2', platforms, bytes: 103_000 },
      { kind: 'wheel', name: 'six', to: '1.17.0', platforms, bytes: 0 },
      { kind: 'system', name: 'libfoo1', from: '1.0-1', platforms, bytes: 0 },
      { kind: 'base', name: 'tzdata', from: '2026a-1', to: '2026a-1', platforms, bytes: 0 },
    ],
  });
  const lines = text.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, '  '));
  expect(lines).toEqual([
    'Python  3.13.5 → 3.13.6  linux/amd64',
    'wheel  flask  3.1.0 → 3.1.2  103 kB  linux/amd64',
    'wheel  six  new: 1.17.0  linux/amd64',
    'system  libfoo1  gone: 1.0-1  linux/amd64',
    'base  tzdata  2026a-1, another file  linux/amd64',
    '103 kB of packages and wheels are new',
    'tare.lock was brought up to date',
    'because `requirements.txt` changed',
    'linux/amd64: Python 3.13.5, 29 packages in the base, 2 packages beside it, 10 wheels',
  ]);
});

test('what drives a terminal is taken out', () => {
  const text = renderLockText({ state: 'unchanged', reasons: ['\u001b[2J'], changes: [], bytes: 0, targets: [] });
  expect(text).not.toContain('\u001b');
});
