import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderLineDiff } from './line-diff.ts';

test('what differs is shown, what does not is left out', () => {
  expect(renderLineDiff('a\nb\nc\nd\n', 'a\nx\nc\nd\ne\n')).toBe('- b\n+ x\n  …\n+ e');
  expect(renderLineDiff('same\n', 'same\n')).toBe('');
});

test('each line that only one text has is shown once', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 })
    .map((lines) => `${lines.join('\n')}\n`);
  fc.assert(
    fc.property(text, text, (before, after) => {
      const shown = renderLineDiff(before, after).split('\n');
      const count = (mark: string): number => shown.filter((line) => line.startsWith(`${mark} `)).length;
      const lines = (one: string): number => one.replace(/\n$/, '').split('\n').length;
      expect(lines(before) - count('-')).toBe(lines(after) - count('+'));
    }),
  );
});
