import { expect, test } from 'vitest';
import { renderRuntimeSpec } from './runtime-spec.ts';

const input = {
  root: '/room/rootfs',
  command: ['/usr/bin/python3', '-V'],
  env: { PATH: '/usr/bin', EMPTY: '' },
  workingDir: '/app',
  user: { uid: 65532, gid: 65532 },
  tty: false,
  emulated: false,
  mounts: [{ source: '/srv/a', place: '/room/rootfs/data', target: '/data', readOnly: true }],
};

test('the process is the one of the request, with no rights and no way to more', () => {
  expect(renderRuntimeSpec(input)).toMatchObject({
    root: { path: '/room/rootfs', readonly: false },
    process: {
      terminal: false,
      user: { uid: 65532, gid: 65532 },
      args: ['/usr/bin/python3', '-V'],
      env: ['PATH=/usr/bin', 'EMPTY='],
      cwd: '/app',
      noNewPrivileges: true,
      capabilities: { bounding: [], effective: [], permitted: [] },
    },
  });
});

test('it has the network of the host and nothing else of it', () => {
  const { linux, mounts } = renderRuntimeSpec(input);
  expect(linux).toMatchObject({ namespaces: [{ type: 'pid' }, { type: 'ipc' }, { type: 'mount' }] });
  expect(mounts).toContainEqual({ destination: '/data', type: 'bind', source: '/srv/a', options: ['rbind', 'ro'] });
});

test('without a network it has one of its own, where nothing is', () => {
  const { linux } = renderRuntimeSpec({ ...input, network: 'none' });
  expect(linux).toMatchObject({ namespaces: expect.arrayContaining([{ type: 'network' }]) });
});

test('a program for another processor does not see those of the machine', () => {
  const processors = '/sys/devices/system/cpu';
  expect(renderRuntimeSpec(input)['linux']).not.toMatchObject({ maskedPaths: expect.arrayContaining([processors]) });
  const { linux } = renderRuntimeSpec({ ...input, emulated: true });
  expect(linux).toMatchObject({ maskedPaths: expect.arrayContaining([processors]) });
});

test('root has what docker gives it, and not the rule of the machine', () => {
  const { process } = renderRuntimeSpec({ ...input, user: { uid: 0, gid: 0 } });
  expect(process).toMatchObject({ capabilities: { effective: expect.arrayContaining(['CAP_CHOWN', 'CAP_SETUID']) } });
  expect(JSON.stringify(process)).not.toContain('SYS_ADMIN');
});

test('a read-only root has an empty /tmp, below what is mounted into it', () => {
  const volume = { source: '/srv/a', place: '/room/rootfs/tmp/a', target: '/tmp/a', readOnly: false };
  const { root, mounts } = renderRuntimeSpec({ ...input, mounts: [volume], readOnly: true });
  expect(root).toMatchObject({ readonly: true });
  const destinations = (mounts as readonly { destination: string }[]).map((one) => one.destination);
  expect(destinations.slice(-2)).toEqual(['/tmp', '/tmp/a']);
});
