import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFailure } from './failure.ts';

const folder = new URL('../../../test/golden/builder-output/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');

/** What each Dockerfile of `test/golden/builder-output` fails by: the line, and the cause where one is known. */
const failures: Readonly<Record<string, { readonly line: number; readonly kind?: string }>> = {
  cafail: { line: 2, kind: 'certificate' },
  compilerkilled: { line: 3, kind: 'killed' },
  copymissing: { line: 2, kind: 'file-missing' },
  exec: { line: 2, kind: 'exec-format' },
  fail: { line: 2 },
  gcc: { line: 2, kind: 'compiler-missing' },
  hash: { line: 3, kind: 'hash-mismatch' },
  link: { line: 4, kind: 'old-builder' },
  login: { line: 2, kind: 'nothing-found' },
  noapt: { line: 2, kind: 'package-missing' },
  nobase: { line: 1, kind: 'base-missing' },
  nodigest: { line: 1, kind: 'base-missing' },
  nodns: { line: 2, kind: 'no-network' },
  nohost: { line: 1, kind: 'no-network' },
  nospace: { line: 2, kind: 'no-space' },
  nowheel: { line: 2, kind: 'no-wheel' },
  oom: { line: 2, kind: 'killed' },
  secretmissing: { line: 2, kind: 'secret-missing' },
  syntax: { line: 2, kind: 'syntax' },
  uvca: { line: 3, kind: 'certificate' },
};

/** Where an engine could not get as far, or does not have what the Dockerfile uses. */
const exceptions: Readonly<Record<string, { readonly line: number; readonly kind?: string }>> = {
  'nobase.docker.txt': { line: 1, kind: 'no-network' },
  'nobase.legacy.txt': { line: 1, kind: 'no-network' },
  'nodigest.docker.txt': { line: 1, kind: 'no-network' },
  'hash.legacy.txt': { line: 3, kind: 'old-builder' },
};

describe('what a builder really said when a build failed', () => {
  const outputs = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  test.each(outputs)('%s: the line of the Dockerfile and the cause', (name) => {
    const [title = ''] = name.split('.');
    const { line, kind } = exceptions[name] ?? failures[title] ?? { line: 0 };
    const failure = parseFailure(read(name), read(`${title}.Dockerfile`));
    expect({ line: failure.line, kind: failure.cause?.kind }, JSON.stringify(failure, undefined, 2)).toEqual({
      line,
      kind,
    });
    expect(failure.said.length).toBeGreaterThan(0);
    expect(failure.cause?.what ?? '').not.toMatch(/\{\d\}|undefined/);
  });
});

test('what the failing step said is shown, and nothing of the others', () => {
  const { said, instruction } = parseFailure(read('fail.buildx.txt'), read('fail.Dockerfile'));
  expect(said).toEqual(expect.arrayContaining(['one', 'two']));
  expect(said.join('\n')).not.toContain('transferring');
  expect(instruction).toBe('RUN echo one && echo two >&2 && exit 3');
});

test('the names are in the cause', () => {
  expect(parseFailure(read('noapt.buildah.txt'), '').cause?.what).toContain('`libgl1-mesa-glx`');
  expect(parseFailure(read('nowheel.docker.txt'), '').cause?.what).toContain('tensorflow==1.15.0');
  expect(parseFailure(read('secretmissing.podman.txt'.replace('podman', 'buildah')), '').cause?.what).toContain(
    '`pip_conf`',
  );
});

test('any text is read without an error, and gives a line that the file has', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (output, dockerfile) => {
      const { line } = parseFailure(output, dockerfile);
      if (line !== undefined) expect(line).toBeGreaterThan(0);
    }),
  );
});
