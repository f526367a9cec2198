import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { parsePort, parseVolume } from './run-arguments.ts';

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return isTareError(error) ? error.code : String(error);
  }
  return undefined;
}

describe('-p', () => {
  test.each([
    ['8000:80', { host: 8000, container: 80 }],
    ['8000', { host: 8000, container: 8000 }],
    ['127.0.0.1:8000:80', { host: 8000, container: 80 }],
    ['localhost:8000:80', { host: 8000, container: 80 }],
    ['8000:80/tcp', { host: 8000, container: 80 }],
    ['65535:1', { host: 65535, container: 1 }],
  ])('%s', (text, ports) => {
    expect(parsePort(text)).toEqual(ports);
  });

  test.each([
    ...['', ':', ':80', '80:', '0', '0:80', '65536', '8000:65536', '-1:80', '80.5', '1e3', ' 80', '80:80:80:80'],
    ...['0.0.0.0:80:80', '[::1]:80:80', '192.0.2.1:80:80', '80/udp', '8000:80/sctp', '99999999999999999999:1', '８０'],
  ])('refuses `%s`', (text) => {
    expect(codeOf(() => parsePort(text))).toBe('PORT_INVALID');
  });

  test('any text gives ports or the error that says how to write them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9:./a-z]{0,12}$/)), (text) => {
        const code = codeOf(() => {
          const { host, container } = parsePort(text);
          expect([host, container].every((port) => port > 0 && port < 65536)).toBe(true);
        });
        expect([undefined, 'PORT_INVALID']).toContain(code);
      }),
    );
  });
});

describe('-v', () => {
  test.each([
    ['/srv/data:/data', { source: '/srv/data', target: '/data', readOnly: false }],
    ['/srv/data:/data:ro', { source: '/srv/data', target: '/data', readOnly: true }],
    ['./data:/data:rw', { source: '/work-folder/data', target: '/data', readOnly: false }],
    ['../data:/a/../data/', { source: '/data', target: '/data', readOnly: false }],
    ['.:/app', { source: '/work-folder', target: '/app', readOnly: false }],
    ['sub/data:/data', { source: '/work-folder/sub/data', target: '/data', readOnly: false }],
    ['/with space/größe:/data', { source: '/with space/größe', target: '/data', readOnly: false }],
  ])('%s', (text, volume) => {
    expect(parseVolume(text, '/work-folder')).toEqual(volume);
  });

  test.each([
    '',
    '/data',
    ':/data',
    '/a:',
    '/a:b',
    'name:/data',
    '/a:/',
    '/a:/b/..',
    '/a:/b:z',
    '/a:/b:ro,z',
    '/a\0:/b',
  ])('refuses `%s`', (text) => {
    expect(codeOf(() => parseVolume(text, '/work-folder'))).toBe('VOLUME_INVALID');
  });

  test('any text gives absolute paths or the error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[/.:a-z]{0,16}$/)), (text) => {
        const code = codeOf(() => {
          const { source, target } = parseVolume(text, '/work-folder');
          expect([source, target].every((path) => path.startsWith('/') && !path.includes('/../'))).toBe(true);
        });
        expect([undefined, 'VOLUME_INVALID']).toContain(code);
      }),
    );
  });
});
