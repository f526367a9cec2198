import { expect, test } from 'vitest';
import { renderFound } from './findings-text.ts';

test('what the base brings is told apart from what the build did', () => {
  const warning = { severity: 'warning', isAllowed: false, isOfBase: false } as const;
  const ofBase = { ...warning, isOfBase: true };
  const allowed = { ...warning, severity: 'error', isAllowed: true } as const;
  expect(renderFound([])).toBe('');
  expect(renderFound([ofBase, ofBase])).toBe('verified with 2 warnings of the base: `tare verify` shows them');
  expect(renderFound([allowed, warning, ofBase])).toBe(
    'verified with 1 error allowed and 1 warning and 1 warning of the base: `tare verify` shows them',
  );
});
