import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dockerfileInputs } from '../../test/support/dockerfile-plan.ts';
import { parseDockerignore } from '../project/patterns.ts';
import { isFittingIgnore, renderDockerignore } from './dockerignore.ts';
import { makeFrame } from './frame.ts';

const because = { rule: 'the test says so' };

function frameOf(paths: readonly string[], leftOut: readonly string[]) {
  const group = { kind: 'application', destination: '/app', strip: '', bytes: 1, because } as const;
  return makeFrame(
    dockerfileInputs({
      files: { groups: [{ ...group, paths }], leftOut: leftOut.map((path) => ({ path, because })) },
    }),
    { variant: 'venv' },
  );
}

test('what the plan takes is let in, what it leaves out beside it is not, everything else is denied', () => {
  const frame = frameOf(
    ['main.py', 'shop/__init__.py', 'shop/.env.example', 'shop/gone.pyc'],
    ['shop/secret.key', 'shop/data/', 'tests/', 'shop/__pycache__/', 'shop/.env'],
  );
  const isIgnored = parseDockerignore(renderDockerignore(frame));
  for (const path of ['main.py', 'shop/__init__.py', 'shop/.env.example', 'shop/gone.pyc', 'shop/new/module.py'])
    expect([path, isIgnored(path)]).toEqual([path, false]);
  for (const path of [
    ...[
      'shop/secret.key',
      'shop/data/x',
      'tests/x.py',
      'shop/sub/__pycache__/a.pyc',
      'shop/.env',
      'README.md',
      '.git/config',
    ],
  ])
    expect([path, isIgnored(path)]).toEqual([path, true]);
});

test('whatever files are called, exactly those of the plan are let in', () => {
  const name = fc
    .string({ unit: fc.constantFrom(...' !#$*?[]{}()|^+.\\\'"`&;<>~-_aé日', 'py'), minLength: 1, maxLength: 6 })
    .filter((text) => text !== '.' && text !== '..' && !/^\s*$/.test(text));
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.uniqueArray(path, { minLength: 2, maxLength: 10 }), fc.nat(), (all, seed) => {
      // A path cannot be a file and a folder.
      const files = all.filter((one) => !all.some((other) => other.startsWith(`${one}/`)));
      const taken = files.filter((_one, at) => (at + seed) % 3 !== 0);
      const left = files.filter((one) => !taken.includes(one));
      const text = renderDockerignore(frameOf(taken, left));
      const isIgnored = parseDockerignore(text);
      expect(taken.filter(isIgnored), text).toEqual([]);
      expect(
        left.filter((one) => !isIgnored(one)),
        text,
      ).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('an ignore file of another machine fits as long as it gives the same image', () => {
  const here = frameOf(['shop/a.py'], ['shop/local.db']);
  const elsewhere = renderDockerignore(frameOf(['shop/a.py'], []));
  expect(isFittingIgnore(frameOf(['shop/a.py'], []), renderDockerignore(here))).toBe(true);
  expect(isFittingIgnore(here, elsewhere)).toBe(false);
  expect(isFittingIgnore(frameOf(['shop/a.py', 'new.py'], []), elsewhere)).toBe(false);
});
