// How long an example takes from its start to its first answer, by what its image holds of bytecode.
//
//   node bench/start.mjs [EXAMPLE] [ROUNDS]
//
// The same files in four root filesystems: without bytecode, with the application's, with all, and as pip leaves them: packages compiled
// with dates, the standard library and the application not, as in the images that Dockerfiles are written on. Each is started by runc with
// a read-only root, as an unprivileged user, in turns. Needs root, runc, and a Python 3.13 with pip.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertCompiled, root } from './tare-process.mjs';

const [name = 'fastapi-hello', roundsText = '7'] = process.argv.slice(2);
const rounds = Number(roundsText);
const example = join(root, 'examples', name);
const { container, plan } = JSON.parse(readFileSync(join(example, 'expect.json'), 'utf8'));
const [port = 8000] = plan.process.ports;

assertCompiled();
const folder = mkdtempSync(join(tmpdir(), 'tare-start-'));
const main = join(root, 'dist', 'main.js');
const tare = (...args) =>
  execFileSync(process.execPath, [main, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

function unpacked(kind, ...args) {
  const dir = join(folder, kind);
  tare('build', example, '-o', `rootfs:${dir}`, ...args);
  return dir;
}

/** The wheels of the plan, put where they are by pip, which compiles as it goes. */
function asPipLeavesIt(bare, planned) {
  const dir = join(folder, 'pip');
  cpSync(bare, dir, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  const site = join(dir, 'opt/venv/lib/python3.13/site-packages');
  rmSync(site, { recursive: true });
  const pins = planned.targets[0].wheels.map(({ name: wheel, version }) => `${wheel}==${version}`);
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:', '--target', site, ...pins];
  execFileSync('python3.13', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return dir;
}

function runtimeSpec(rootfs, planned) {
  const [{ command }] = Object.values(planned.processes);
  const env = planned.env.map(({ name: key, value }) => `${key}=${value}`);
  // What an example writes goes to /tmp.
  const variables = { ...container.env, HOME: '/tmp', HELLO_DATA_DIR: '/tmp' };
  const extra = Object.entries(variables).map(([key, value]) => `${key}=${value}`);
  const mount = (destination, type, options) => ({ destination, type, source: type, options });
  return {
    ociVersion: '1.0.2',
    process: {
      args: command,
      env: [...env, ...extra],
      cwd: planned.workdir,
      user: { uid: 65532, gid: 65532 },
      noNewPrivileges: true,
    },
    root: { path: rootfs, readonly: true },
    mounts: [
      mount('/proc', 'proc', []),
      mount('/dev', 'tmpfs', ['nosuid', 'mode=755']),
      mount('/dev/shm', 'tmpfs', ['nosuid', 'mode=1777']),
      mount('/tmp', 'tmpfs', ['nosuid', 'mode=1777']),
    ],
    linux: { namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
  };
}

async function startOnce(bundle, id) {
  const begun = performance.now();
  const child = spawn('runc', ['run', '--bundle', bundle, id], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said = `${said}${chunk}`.slice(-2000)));
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`it ended\n${said}`);
      const answer = await fetch(`http://127.0.0.1:${port}${container.healthcheck}`).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.ok) return performance.now() - begun;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } finally {
    spawn('runc', ['kill', id, 'KILL'], { stdio: 'ignore' });
    await ended;
  }
}

const median = (values) => [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];

try {
  const planOf = (...args) => JSON.parse(tare('plan', example, '--json', ...args));
  const bare = unpacked('none', '--bytecode', 'none');
  const barePlan = planOf('--bytecode', 'none');
  const kinds = [
    ['none', bare, barePlan],
    ['app', unpacked('app', '--bytecode', 'app'), planOf('--bytecode', 'app')],
    ['all', unpacked('all'), planOf()],
    ['pip', asPipLeavesIt(bare, barePlan), barePlan],
  ];
  const bundles = kinds.map(([kind, rootfs, planned]) => {
    const bundle = join(folder, `bundle-${kind}`);
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(runtimeSpec(rootfs, planned)));
    const size = Number(execFileSync('du', ['-sb', '--apparent-size', rootfs], { encoding: 'utf8' }).split('\t')[0]);
    return { kind, bundle, size, times: [] };
  });
  for (let round = -1; round < rounds; round++) {
    for (const one of bundles) {
      const ms = await startOnce(one.bundle, `tare-start-${process.pid}-${one.kind}-${round + 1}`);
      // The first fills the page cache.
      if (round >= 0) one.times.push(ms);
    }
  }
  const none = median(bundles[0].times);
  console.log(`${name}: start to first answer, median of ${rounds}`);
  for (const { kind, times, size } of bundles) {
    const ms = median(times);
    console.log(
      `${kind.padEnd(6)} ${(ms / 1000).toFixed(2)} s  ${(none / ms).toFixed(2)} x as fast as none  ${(size / 1e6).toFixed(1)} MB`,
    );
  }
  console.log(JSON.stringify(bundles.map(({ kind, times, size }) => ({ kind, size, times }))));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
