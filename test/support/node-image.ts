import { createHash } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mustRun } from './command.ts';

/** An image made by hand: this Node, its libraries and one script. */
export interface NodeImage {
  /** Absolute path of the root file system. */
  readonly rootfs: string;
  /** Absolute path of the same image as a docker archive. */
  readonly archive: string;
  readonly configDigest: string;
  readonly config: {
    readonly env: readonly string[];
    readonly entrypoint: readonly string[];
    readonly cmd: readonly string[];
    readonly user: string;
    readonly workingDir: string;
  };
}

/** What the process in the image can be told to do, by its first argument. */
const script = `
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { isatty } from 'node:tty';
const [, , mode, argument] = process.argv;
const attempt = (work) => { try { return work(); } catch (error) { return error.code; } };
const facts = () => ({
  uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), cwd: process.cwd(), env: process.env,
  status: Object.fromEntries(readFileSync('/proc/self/status', 'utf8').split('\\n').map((line) => line.split(/:\\s+/, 2))),
  umask: process.umask(), tty: isatty(1),
});
const modes = {
  report: () => {
    const result = facts();
    result.tmp = attempt(() => writeFileSync('/tmp/x', 'x') ?? 'written');
    result.home = attempt(() => writeFileSync('/home/app/x', 'x') ?? 'written');
    result.null = attempt(() => writeFileSync('/dev/null', 'x') ?? 'written');
    result.shm = attempt(() => writeFileSync('/dev/shm/x', 'x') ?? 'written');
    result.hosts = attempt(() => readFileSync('/etc/hosts', 'utf8').length > 0);
    result.stdout = attempt(() => writeFileSync('/dev/stdout', '') ?? 'written');
    result.data = attempt(() => readFileSync('/data/in.txt', 'utf8'));
    result.dataWritten = attempt(() => writeFileSync('/data/out.txt', 'x') ?? 'written');
    console.log(JSON.stringify(result));
  },
  exit: () => process.exit(Number(argument)),
  fail: () => { console.error('cannot go on: ' + argument); process.exit(3); },
  abort: () => process.kill(process.pid, 'SIGKILL'),
  echo: () => process.stdin.on('data', (bytes) => process.stdout.write(bytes)),
  wait: () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH']) {
      process.on(signal, () => {
        console.log('got ' + signal);
        if (signal === 'SIGTERM') process.exit(7);
      });
    }
    setInterval(() => undefined, 1000);
    console.log('ready');
  },
  serve: () => {
    process.on('SIGTERM', () => process.exit(143));
    createServer((request, response) => {
    response.statusCode = request.url === '/healthz' ? 200 : 404;
    response.end('hello from ' + argument);
  }).listen(Number(argument), process.env.LISTEN ?? '127.0.0.1', () => console.log('listening'));
  },
};
modes[mode]();
`;

/** Makes the image in a folder that exists. Files of `home` belong to its user where this process may give them away. */
export async function makeNodeImage(dir: string): Promise<NodeImage> {
  const rootfs = join(dir, 'rootfs');
  for (const folder of ['app', 'etc', 'home/app', 'usr/bin', 'tmp'])
    await mkdir(join(rootfs, folder), { recursive: true });
  await chmod(join(rootfs, 'tmp'), 0o1777);
  await copyFile(process.execPath, join(rootfs, 'usr/bin/node'));
  for (const [, file] of (await mustRun('ldd', [process.execPath])).matchAll(/(\/\S+) \(0x/g)) {
    if (file === undefined) continue;
    await mkdir(join(rootfs, dirname(file)), { recursive: true });
    await copyFile(file, join(rootfs, file));
  }
  await writeFile(join(rootfs, 'app/main.mjs'), script);
  if (process.getuid?.() === 0) await chown(join(rootfs, 'home/app'), 65532, 65532);
  const config = {
    env: ['PATH=/usr/bin', 'HOME=/home/app', 'GREETING=hello world'],
    entrypoint: ['node', '/app/main.mjs'],
    cmd: ['report'],
    user: '65532:65532',
    workingDir: '/app',
  };
  return { rootfs, config, ...(await writeArchive(dir, rootfs, config)) };
}

async function writeArchive(dir: string, rootfs: string, config: NodeImage['config']) {
  const work = join(dir, 'archive');
  await mkdir(work);
  await mustRun('tar', ['--sort=name', '--mtime=@0', '-C', rootfs, '-cf', join(work, 'layer.tar'), '.']);
  const diffId = createHash('sha256')
    .update(await readFile(join(work, 'layer.tar')))
    .digest('hex');
  const text = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {
      Env: config.env,
      Entrypoint: config.entrypoint,
      Cmd: config.cmd,
      User: config.user,
      WorkingDir: config.workingDir,
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
  });
  const digest = createHash('sha256').update(text).digest('hex');
  await writeFile(join(work, `${digest}.json`), text);
  await writeFile(
    join(work, 'manifest.json'),
    JSON.stringify([{ Config: `${digest}.json`, RepoTags: null, Layers: ['layer.tar'] }]),
  );
  const archive = join(dir, 'image.tar');
  await mustRun('tar', ['-C', work, '-cf', `${archive}.part`, `${digest}.json`, 'layer.tar', 'manifest.json']);
  await rename(`${archive}.part`, archive);
  return { archive, configDigest: `sha256:${digest}` };
}
