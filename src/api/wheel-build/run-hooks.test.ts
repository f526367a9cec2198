import { expect, test } from 'vitest';
import { createContext } from '../context.ts';
import { assertBuildable, tailOf } from './run-hooks.ts';

test('a platform that nothing here can run is said before anything is made ready, with what would help', async () => {
  // A machine of an architecture whose emulators this one has not.
  const context = { ...createContext(), host: { platform: 'linux', arch: 'riscv64' } };
  await expect(assertBuildable(context, 'acorn 1', 'linux/s390x')).rejects.toMatchObject({
    code: 'BUILD_PLATFORM_NOT_RUNNABLE',
    where: 'acorn 1',
    hint: expect.stringMatching(/engine that can run linux\/s390x.*qemu-user-static/),
  });
  await assertBuildable(context, 'acorn 1', 'linux/riscv64');
});

test('of a long log the end is shown', () => {
  const log = Array.from({ length: 500 }, (_, at) => `line ${at}`).join('\n');
  expect(tailOf(log).split('\n')).toHaveLength(40);
  expect(tailOf(log)).toMatch(/line 499$/);
});
