import { expect, test } from 'vitest';
import { parseLimits } from './podman.ts';

test('podman is asked for limits that this process may give on', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max processes             96364                96364                processes \n' +
    'Max open files            1024                 20000                files     \n';
  expect(parseLimits(text, 32768)).toEqual({ nofile: '1024:20000', nproc: '32768:32768' });
  expect(parseLimits('Max open files unlimited unlimited files\n', 32768)).toEqual({});
});
