import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeElf } from '../../test/support/elf-maker.ts';
import { createObserver, factsOfBytes, type ObservedEntry } from './observe.ts';

const dir = mkdtempSync(join(tmpdir(), 'tare-observe-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const entry = (path: string): ObservedEntry => ({ path, type: 'file', mode: 0o755, uid: 0, gid: 0 });

/** Pushes the bytes through one buffer that is written over, as readers do. */
function observe(path: string, bytes: Uint8Array, piece = 1000) {
  const spool = join(dir, 'spool');
  const observer = createObserver({ spool });
  const sink = observer.sinkFor(entry(path), bytes.length);
  const buffer = Buffer.alloc(piece);
  for (let at = 0; at < bytes.length; at += piece) {
    const part = bytes.subarray(at, at + piece);
    buffer.set(part);
    sink.push(buffer.subarray(0, part.length));
    buffer.fill(0xff);
  }
  sink.end();
  observer.close();
  expect(existsSync(spool)).toBe(false);
  return observer.facts();
}

describe('what a file is', () => {
  const library = makeElf({ soname: 'liba.so.1', needed: ['libc.so.6'], runpath: '$ORIGIN' });

  test('is seen as its bytes pass by, whatever the pieces', () => {
    for (const piece of [1, 7, 64, 100_000]) {
      const [facts] = observe('usr/lib/liba.so.1', library, piece);
      expect(facts).toEqual(factsOfBytes(entry('usr/lib/liba.so.1'), library));
      expect(facts?.elf).toMatchObject({ soname: 'liba.so.1', needed: ['libc.so.6'], runpath: '$ORIGIN' });
    }
  });

  test('is seen of large files too, with tables at their end', () => {
    // The dynamic section that `makeElf` writes stands behind its strings; what comes after does not matter to it.
    const large = Buffer.concat([library, Buffer.alloc(9 * 1024 * 1024, 1)]);
    const [facts] = observe('liblarge.so', large, 65_536);
    expect(facts?.elf?.needed).toEqual(['libc.so.6']);
    expect(facts?.size).toBe(large.length);
  });

  test('an observer that is given up leaves nothing behind', () => {
    const spool = join(dir, 'given-up');
    const observer = createObserver({ spool });
    observer.sinkFor(entry('x'), 20 * 1024 * 1024).push(library);
    expect(existsSync(spool)).toBe(true);
    observer.close();
    expect(existsSync(spool)).toBe(false);
  });

  test('a broken library is told, not thrown', () => {
    const [facts] = observe('libbroken.so', library.subarray(0, 70));
    expect(facts?.elf).toBeUndefined();
    expect(facts?.elfProblem).toMatch(/segment table/);
  });

  test('scripts and bytecode', () => {
    expect(observe('bin/x', Buffer.from('#! /opt/venv/bin/python -u\nimport x\n'))[0]?.shebang).toBe(
      '/opt/venv/bin/python -u',
    );
    expect(observe('bin/x', Buffer.from('#!'))[0]?.shebang).toBe('');
    // CPython 3.13: 3571, then CR LF (importlib/_bootstrap_external.py, MAGIC_NUMBER).
    expect(observe('a/x.pyc', Buffer.from([0xf3, 0x0d, 0x0d, 0x0a, 0, 0]))[0]?.bytecodeMagic).toBe(3571);
    expect(observe('empty', Buffer.alloc(0))[0]).toMatchObject({ size: 0, type: 'file' });
  });
});
