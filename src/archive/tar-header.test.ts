import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LayerEntry } from './layer-entry.ts';
import { renderTarHeader, tarBlock, tarPadding } from './tar-header.ts';
import { readTar } from './tar-reader.ts';

const plain = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const;

function archive(entries: readonly LayerEntry[]): Buffer {
  const parts = entries.map((entry) => {
    const body = entry.content?.kind === 'bytes' ? entry.content.bytes : Buffer.alloc(0);
    return Buffer.concat([renderTarHeader(entry, body.length), body, Buffer.alloc(tarPadding(body.length))]);
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * tarBlock)]);
}

/** What Python's tarfile makes of an archive, in the order of the archive. */
function readByPython(file: string): unknown {
  const script = `
import json, sys, tarfile
kinds = {tarfile.REGTYPE: 'file', tarfile.DIRTYPE: 'directory', tarfile.SYMTYPE: 'symlink', tarfile.LNKTYPE: 'hardlink'}
print(json.dumps([[m.name, kinds[m.type], m.mode, m.uid, m.gid, int(m.mtime), m.linkname, m.size] for m in tarfile.open(sys.argv[1])]))`;
  return JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
}

function readByTar(file: string): string[] {
  const listing = execFileSync('tar', ['--list', '--quoting-style=literal', '--file', file], { encoding: 'utf8' });
  return listing.split('\n').slice(0, -1);
}

function withFile<T>(bytes: Uint8Array, work: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'tare-tar-'));
  try {
    const file = join(folder, 'test.tar');
    writeFileSync(file, bytes);
    return work(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const paths: readonly string[] = [
  'a',
  'n'.repeat(99),
  'n'.repeat(100),
  'n'.repeat(101),
  `${'p'.repeat(155)}/${'n'.repeat(100)}`,
  `${'p'.repeat(156)}/${'n'.repeat(100)}`,
  `${'p'.repeat(155)}/${'n'.repeat(101)}`,
  `${'deep/'.repeat(80)}end`,
  'opt/venv/lib/python3.13/site-packages/données/été.txt',
  '数据/模型/权重.bin',
  `${'漢字/'.repeat(70)}終`,
  'emoji/👩‍🚀🚀.png',
  'with space and = and \\ "quotes"',
];

describe('renderTarHeader', () => {
  const entries = paths.flatMap((path, index): LayerEntry[] => [
    { ...plain, path: `f/${path}`, content: { kind: 'bytes', bytes: Buffer.alloc(index * 100, 'x') } },
    { ...plain, path: `d/${path}`, type: 'directory', mode: 0o1777 },
    { ...plain, path: `s${index}`, type: 'symlink', linkTarget: `../${path}` },
    { ...plain, path: `h${index}`, type: 'hardlink', linkTarget: `f/${path}` },
  ]);
  const odd: LayerEntry[] = [
    { ...plain, path: 'old', mtime: -86_400 },
    { ...plain, path: 'late', mtime: 8_589_934_591 },
    { ...plain, path: 'later', mtime: 8_589_934_592 },
    { ...plain, path: 'owned', uid: 2_097_151, gid: 2_097_151 },
    { ...plain, path: 'far', uid: 2_097_152, gid: 4_000_000_000, mode: 0o7777 },
  ];
  const all = [...entries, ...odd];

  test('is read back by tar', () => {
    const expected = all.map(({ path, type }) => (type === 'directory' ? `${path}/` : path));
    expect(withFile(archive(all), readByTar)).toEqual(expected);
  });

  test('is read back by Python with every field', () => {
    const expected = all.map(({ path, type, mode, uid, gid, mtime, linkTarget = '', content }) => {
      return [path, type, mode, uid, gid, mtime, linkTarget, content?.kind === 'bytes' ? content.bytes.length : 0];
    });
    expect(withFile(archive(all), readByPython)).toEqual(expected);
  });

  test('needs an extended header only where ustar has no room', () => {
    const length = (change: Partial<LayerEntry>, size = 0): number =>
      renderTarHeader({ ...plain, path: 'a', ...change }, size).length;
    expect(length({ path: `${'p'.repeat(155)}/${'n'.repeat(100)}` })).toBe(512);
    expect(length({ uid: 2_097_151, mtime: 8_589_934_591 }, 8_589_934_591)).toBe(512);
    expect(length({ path: 'é' })).toBe(3 * 512);
    expect(length({}, 8_589_934_592)).toBe(3 * 512);
  });

  test('states sizes beyond 8 GiB as readers expect', () => {
    const size = 9_000_000_001;
    const header = Buffer.from(renderTarHeader({ ...plain, path: 'weights' }, size));
    expect(header.subarray(512, 532).toString()).toBe('19 size=9000000001\n\0');
    const script = 'import sys, tarfile; print(next(iter(tarfile.open(sys.argv[1]))).size)';
    const read = withFile(header, (file) => execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
    expect(Number(read)).toBe(size);
  });

  test('refuses what is no entry', () => {
    expect(() => renderTarHeader({ ...plain, path: 'a', mtime: 1.5 }, 0)).toThrow('whole numbers');
    expect(() => renderTarHeader({ ...plain, path: 'a', type: 'symlink' }, 0)).toThrow('no target');
  });

  test('any name survives', async () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 120 })
      .filter((text) => !/[/\0]|^\.\.?$/.test(text));
    const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(path, fc.boolean(), fc.nat(5_000_000), async (name, directory, uid) => {
        const entry: LayerEntry = { ...plain, path: name, type: directory ? 'directory' : 'file', uid };
        const found: unknown[] = [];
        async function* source(): AsyncGenerator<Uint8Array> {
          yield archive([entry]);
        }
        for await (const { path: seen, type, uid: owner } of readTar(source(), 'test.tar'))
          found.push([seen, type, owner]);
        expect(found).toEqual([[name, entry.type, uid]]);
      }),
      { numRuns: 200 },
    );
  });
});
