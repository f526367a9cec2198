import { expect, test } from 'vitest';
import type { PythonFact } from '../../project/facts.ts';
import { slimImageFor } from './slim-image.ts';

const because = { rule: 'a test' };
const wanted = (specifiers: string, more: Partial<PythonFact> = {}): PythonFact => ({ specifiers, because, ...more });

test.each([
  ['==3.12.*', 'python:3.12-slim'],
  ['>=3.9,<3.11', 'python:3.10-slim'],
  ['>=3.14', 'python:3.14-slim'],
  // Named, it is asked for, whatever tare knows of.
  ['', 'python:3.99-slim', '3.99'],
])('`%s` is had in %s', (specifiers, reference, minor?: string) => {
  const fact = wanted(specifiers, minor === undefined ? {} : { minor });
  expect(slimImageFor(fact)?.reference).toBe(reference);
});

test('there is none for a Python that runs without the global lock, nor for one that does not exist', () => {
  expect(slimImageFor(wanted('', { minor: '3.13', isFreeThreaded: true }))).toBeUndefined();
  expect(slimImageFor(wanted('<3'))).toBeUndefined();
});
