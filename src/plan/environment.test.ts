import { expect, test } from 'vitest';
import { planEnvironment, warnOfReplaced } from './environment.ts';
import { planUser } from './user.ts';

const inputs = {
  prefix: '/opt/venv',
  user: planUser('65532:65532'),
  workdir: '/app',
  configured: {},
  libraryPath: [],
  hasBytecode: false,
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

test('certificates of the image reach every client that reads a variable of its own', () => {
  const bundle = '/etc/pki/tls/certs/ca-bundle.crt';
  const base = [{ name: 'SSL_CERT_FILE', value: '/elsewhere' }];
  for (const name of ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE']) expect(valueOf(name, { bundle, base })).toBe(bundle);
  expect(valueOf('HTTPLIB2_CA_CERTS', { bundle })).toBeUndefined();
  expect(valueOf('HTTPLIB2_CA_CERTS', { bundle, distributions: new Set(['httplib2']) })).toBe(bundle);
  expect(valueOf('REQUESTS_CA_BUNDLE')).toBeUndefined();
});

test('on a root that cannot be written caches go to /tmp, by variables that somebody reads', () => {
  const given = { readOnly: true, distributions: new Set(['numba', 'flask']) };
  expect(valueOf('HOME', given)).toBe('/tmp');
  expect(valueOf('NUMBA_CACHE_DIR', given)).toBe('/tmp/numba');
  expect(valueOf('MPLCONFIGDIR', given)).toBeUndefined();
  expect(valueOf('NUMBA_CACHE_DIR', { ...given, readOnly: false })).toBeUndefined();
  expect(valueOf('HOME', { ...given, configured: { HOME: '/data' } })).toBe('/data');
});

test('debug tools are found last, whoever set PATH', () => {
  const debugFolder = '/busybox';
  expect(valueOf('PATH', { debugFolder })).toMatch(/^\/opt\/venv\/bin:.*:\/bin:\/busybox$/);
  expect(valueOf('PATH', { debugFolder, configured: { PATH: '/opt/venv/bin' } })).toBe('/opt/venv/bin:/busybox');
});

test('a list of folders that replaces what the application needs is told', () => {
  const given = { ...inputs, importRoot: 'src' };
  expect(warnOfReplaced({ ...given, configured: { PYTHONPATH: '/app/lib:/app/src' } })).toEqual([]);
  const [warning, more] = warnOfReplaced({ ...given, configured: { PYTHONPATH: '/app/lib', LANG: 'C' } });
  expect(more).toBeUndefined();
  expect(warning).toMatchObject({ code: 'ENVIRONMENT_REPLACED', message: expect.stringContaining('`/app/src`') });
  expect(warning?.hint).toContain('PYTHONPATH = "/app/src:/app/lib"');
});
