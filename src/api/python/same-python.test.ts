import { expect, test } from 'vitest';
import { assertSamePython } from './same-python.ts';

const base = (version: string, abi: string) => ({
  python: { version, abi, interpreter: '/opt/python/bin/python', prefix: '/opt/venv', because: { rule: 'test' } },
});
const platforms = [{ platform: 'linux/amd64' }, { platform: 'linux/arm64' }];

test('platforms with different Pythons are refused, each named', () => {
  expect(() => assertSamePython([base('3.12', 'cp312'), base('3.12', 'cp312')], platforms)).not.toThrow();
  for (const other of [base('3.11', 'cp311'), base('3.12', 'cp312t')]) {
    expect(() => assertSamePython([base('3.12', 'cp312'), other], platforms)).toThrow(
      expect.objectContaining({
        code: 'PYTHON_DIFFERS',
        actual: expect.stringMatching(/^3\.12 for linux\/amd64, 3\.1/),
      }),
    );
  }
});
