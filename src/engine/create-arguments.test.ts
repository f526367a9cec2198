import { expect, test } from 'vitest';
import { renderCreateArguments, renderEnvironmentFile } from './create-arguments.ts';
import type { RunRequest } from './run-request.ts';

const request: RunRequest = {
  image: {
    layoutDir: '/l',
    platform: 'linux/amd64',
    config: { env: [], cmd: ['a'], user: '65532:65532', workingDir: '/' },
  },
  writeDockerArchive: async () => undefined,
  unpackRootfs: async () => undefined,
  ports: [{ host: 8000, container: 80 }],
  env: { PLAIN: 'a b', TOKEN: 'secret', LINES: 'one\ntwo' },
  volumes: [{ source: '/odd, "name"', target: '/data', readOnly: true }],
  remove: true,
  interactive: true,
  tty: true,
  command: ['python', '-V'],
};
const options = { image: 'sha256:1', environmentFile: '/room/environment', hostNetwork: false };

test('docker and podman are asked for the ports, mounts and streams of the request, and no more rights than it needs', () => {
  expect(renderCreateArguments(request, options)).toEqual([
    ...['create', '--interactive', '--tty', '--security-opt', 'no-new-privileges', '--cap-drop', 'ALL'],
    ...['--publish', '127.0.0.1:8000:80', '--env-file', '/room/environment', '--env', 'LINES=one\ntwo'],
    ...['--mount', 'type=bind,"source=/odd, ""name""",target=/data,readonly', 'sha256:1', 'python', '-V'],
  ]);
});

test('values of one line go through a file, so that other users do not see them among the arguments', () => {
  expect(renderCreateArguments(request, options).join(' ')).not.toContain('secret');
  expect(renderEnvironmentFile(request.env)).toBe('PLAIN=a b\nTOKEN=secret\n');
});

test('with the network of the host no port is published', () => {
  const args = renderCreateArguments(request, { ...options, hostNetwork: true, limits: { nofile: '10:20' } });
  expect(args).not.toContain('--publish');
  expect(args.join(' ')).toContain('--ulimit nofile=10:20 --network host');
});

test('without a network nothing is published, whatever the engine has', () => {
  for (const hostNetwork of [true, false]) {
    const args = renderCreateArguments({ ...request, network: 'none' }, { ...options, hostNetwork });
    expect(args.join(' ')).toContain('--network none');
    expect(args).not.toContain('--publish');
  }
});

test('an image whose user is root keeps the rights of the engine', () => {
  const image = { ...request.image, config: { ...request.image.config, user: '' } };
  expect(renderCreateArguments({ ...request, image }, options)).not.toContain('--cap-drop');
});

test('a read-only root has an empty /tmp', () => {
  expect(renderCreateArguments({ ...request, readOnly: true }, options).join(' ')).toContain(
    ' --read-only --tmpfs /tmp ',
  );
  expect(renderCreateArguments(request, options)).not.toContain('--read-only');
});
