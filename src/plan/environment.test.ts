import { expect, test } from 'vitest';
import { planEnvironment, planUser } from './environment.ts';

const inputs = {
  prefix: '/opt/venv',
  user: planUser('65532:65532'),
  workdir: '/app',
  configured: {},
  libraryPath: [],
};

const valueOf = (name: string, given: Partial<Parameters<typeof planEnvironment>[0]> = {}) =>
  planEnvironment({ ...inputs, ...given }).find((one) => one.name === name)?.value;

test('the virtual environment comes first, before the PATH of a base image', () => {
  expect(valueOf('PATH')).toMatch(/^\/opt\/venv\/bin:\/usr\/local\/sbin:/);
  expect(valueOf('PATH', { base: [{ name: 'PATH', value: '/usr/local/bin:/bin' }] })).toBe(
    '/opt/venv/bin:/usr/local/bin:/bin',
  );
});

test('an application that is no distribution is importable from wherever it is started', () => {
  expect(valueOf('PYTHONPATH')).toBeUndefined();
  expect(valueOf('PYTHONPATH', { importRoot: '' })).toBe('/app');
  expect(valueOf('PYTHONPATH', { importRoot: 'src' })).toBe('/app/src');
});

test('folders of libraries that a wheel finds by no other way come before those of the base; the configuration wins', () => {
  const libraryPath = ['/opt/venv/nvidia/cublas/lib', '/opt/venv/nvidia/cudnn/lib'];
  expect(valueOf('LD_LIBRARY_PATH')).toBeUndefined();
  expect(valueOf('LD_LIBRARY_PATH', { libraryPath })).toBe(libraryPath.join(':'));
  const base = [{ name: 'LD_LIBRARY_PATH', value: '/usr/local/nvidia/lib64' }];
  expect(valueOf('LD_LIBRARY_PATH', { libraryPath, base })).toBe([...libraryPath, '/usr/local/nvidia/lib64'].join(':'));
  expect(valueOf('LD_LIBRARY_PATH', { libraryPath, configured: { LD_LIBRARY_PATH: '/own' } })).toBe('/own');
});
