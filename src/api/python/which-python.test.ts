import { expect, test } from 'vitest';
import { TareError } from '../../base/errors.ts';
import type { PythonFact } from '../../project/facts.ts';
import type { BaseWish, ResolvedBase } from '../base/resolution.ts';
import { basesThatFit, type RuledOutPython } from './which-python.ts';

const any: PythonFact = { specifiers: '>=3.10', because: { rule: 'requires-python' } };

/** Tries 3.13, then 3.11; `fails` says what each lacks. */
async function choose(fails: Readonly<Record<string, string>>, given: Partial<BaseWish> = {}) {
  const wish = { config: {}, python: any, project: '/', ...given } as BaseWish;
  const tried: string[] = [];
  const pythonFor = (out: readonly RuledOutPython[]): string =>
    ['3.13', '3.11'].find((one) => !out.some((other) => other.python === one)) ?? 'none';
  const result = await basesThatFit(wish, {
    platforms: ['linux/amd64'],
    bases: async (out) => [{ python: { version: wish.python?.minor ?? pythonFor(out) } } as ResolvedBase],
    wheels: async ([base]) => {
      const python = base?.python.version ?? '';
      tried.push(python);
      const code = fails[python];
      if (code !== undefined) throw new TareError({ code, message: `\`odd 1.0\` has no wheel for ${python}\nmore` });
    },
  });
  return { python: result.bases[0]?.python.version, ruledOut: result.ruledOut, tried };
}

test('the newest is taken where everything has a wheel', async () => {
  expect(await choose({})).toEqual({ python: '3.13', ruledOut: [], tried: ['3.13'] });
});

test.each(['WHEEL_NOT_FOUND', 'SDIST_ONLY', 'RESOLVE_IMPOSSIBLE'])(
  '%s leads to the next older one, with the reason',
  async (code) => {
    expect(await choose({ '3.13': code })).toEqual({
      python: '3.11',
      ruledOut: [{ python: '3.13', reason: '`odd 1.0` has no wheel for 3.13 more' }],
      tried: ['3.13', '3.11'],
    });
  },
);

test('where none has all, the error is that of the newest', async () => {
  const both = { '3.13': 'WHEEL_NOT_FOUND', '3.11': 'SDIST_ONLY' };
  await expect(choose(both)).rejects.toMatchObject({
    code: 'WHEEL_NOT_FOUND',
    message: expect.stringContaining('3.13'),
  });
});

test.each(['HTTP_FAILED', 'RESOLVE_FAILED'])('%s says nothing of a Python, and is not tried away', async (code) => {
  await expect(choose({ '3.13': code })).rejects.toMatchObject({ code });
});

test('a Python that the project names is not tried at all', async () => {
  const named: PythonFact = { specifiers: '', minor: '3.13', because: { rule: '.python-version' } };
  expect(await choose({ '3.13': 'WHEEL_NOT_FOUND' }, { python: named })).toMatchObject({ python: '3.13', tried: [] });
});

test('one that excludes all others is not either', async () => {
  const late: PythonFact = { specifiers: '>=3.12', because: { rule: 'requires-python' } };
  expect(await choose({ '3.13': 'WHEEL_NOT_FOUND' }, { python: late })).toMatchObject({ tried: [] });
});
