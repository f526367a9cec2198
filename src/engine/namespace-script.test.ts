import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type NamespaceScript, namespaceArguments, renderNamespaceScript } from './namespace-script.ts';

const tools = {
  unshare: '/bin/unshare',
  setpriv: '/bin/setpriv',
  mount: '/bin/mount',
  env: '/bin/env',
  mkfifo: '/bin/mkfifo',
  chown: '/bin/chown',
  mkdir: '/bin/mkdir',
};
const script: NamespaceScript = {
  tools,
  rootless: false,
  root: "/cache/it's here",
  mounts: [{ source: '/a b', place: "/cache/it's here/data", target: '/data', readOnly: true }],
  command: ['/bin/sh', '-c', 'echo "$HOME"; $(touch /x) `id` \n\'"'],
  workingDir: '/app',
  user: { uid: 65532, gid: 65532 },
  emulated: false,
};

/** The arguments with which a shell starts the command of the script. */
function argumentsOf(text: string): string[] {
  const line = text.slice(text.indexOf('QUIT\n') + 5, text.indexOf('\nexit $?')).replace(' 2>&9 9>&-', '');
  const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
  return JSON.parse(
    execFileSync('/bin/sh', ['-c', `"$0" -e '${print}' -- ${line}`, process.execPath], { encoding: 'utf8' }),
  );
}

test('every path and argument reaches the command as it is, whatever it holds', () => {
  const args = argumentsOf(renderNamespaceScript(script));
  expect(args.slice(-script.command.length)).toEqual(script.command);
  expect(args).toContain(`--root=${script.root}`);
});

test('the user is changed, rights are given up and none can be won back', () => {
  const args = argumentsOf(renderNamespaceScript(script));
  expect(args).toEqual(expect.arrayContaining(['--no-new-privs', '--setuid=65532', '--setgid=65532', '--wd=/app']));
  expect(args[args.indexOf('--bounding-set') + 1]).toMatch(/^-all,/);
  expect(args[args.indexOf('--bounding-set') + 1]).not.toMatch(/sys_admin|net_raw|dac_override/);
});

test('without root the user is another name for the caller', () => {
  const args = argumentsOf(renderNamespaceScript({ ...script, rootless: true }));
  expect(args).toEqual(expect.arrayContaining(['--user', '--map-user=65532', '--map-group=65532']));
  expect(namespaceArguments(true)).toContain('--map-root-user');
  expect(namespaceArguments(false)).not.toContain('--user');
  expect(namespaceArguments(false)).not.toContain('--net');
  expect(namespaceArguments(true, 'none')).toContain('--net');
});

test('a read-only mount is never left writable', () => {
  const text = renderNamespaceScript(script);
  const at = text.indexOf('/a b');
  expect(text.slice(at, text.indexOf('tare-ready'))).toContain('remount,bind,ro');
  expect(text.startsWith('set -eu\n')).toBe(true);
});

test('a program for another processor does not see those of the machine', () => {
  expect(renderNamespaceScript(script)).not.toContain('/sys/devices/system/cpu');
  expect(renderNamespaceScript({ ...script, emulated: true })).toContain('/sys/devices/system/cpu');
});

test('a read-only root is so only once everything is mounted, and then for good', () => {
  const volume = { source: '/a b', place: `${script.root}/tmp/deep/a`, target: '/tmp/deep/a', readOnly: false };
  const lines = renderNamespaceScript({ ...script, mounts: [volume], readOnly: true }).split('\n');
  const at = (part: string) => lines.findIndex((line) => line.includes(part));
  const order = [
    at('-t proc'),
    at('mode=1777 tmpfs'),
    at('/bin/mkdir'),
    at("--bind '/a b'"),
    at('remount,bind,ro '),
    at('tare-ready'),
  ];
  expect(order.every((one) => one >= 0)).toBe(true);
  expect(lines.findLastIndex((line) => line.includes('remount,bind,ro'))).toBeGreaterThan(at("--bind '/a b'"));
  expect(lines.findLastIndex((line) => line.includes('remount,bind,ro'))).toBeLessThan(at('tare-ready'));
  expect(renderNamespaceScript(script)).not.toContain('/tmp');
});
