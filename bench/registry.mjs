// What a push and a pull cost, against docker-registry on this machine, and two platforms at once beside one.
//
//   node bench/registry.mjs [--rounds N] [--megabytes N] [--examples a,b] [--only requests,throughput,platforms] [--json]
//
// Throughput side by side with skopeo, in turns, the best of all rounds. Needs docker-registry, and skopeo. Nothing is asserted.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { assertCompiled, build, root, tare } from './tare-process.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    megabytes: { type: 'string', default: '500' },
    examples: { type: 'string', default: 'fastapi-hello' },
    only: { type: 'string', default: 'requests,throughput,platforms' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const line = (name, ...rest) => console.log(`${name.padEnd(34)} ${rest.join('   ')}`);

/** An empty registry, for as long as `work` takes. */
async function withRegistry(folder, work) {
  const storage = mkdtempSync(join(folder, 'storage-'));
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${probe.address().port}`;
  await new Promise((resolve) => probe.close(resolve));
  const config = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: storage } },
    http: { addr: host },
  };
  writeFileSync(join(storage, 'config.yml'), JSON.stringify(config));
  const server = spawn('docker-registry', ['serve', join(storage, 'config.yml')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let log = '';
  server.stdout.setEncoding('utf8').on('data', (text) => (log += text));
  const ended = new Promise((resolve) => server.once('close', resolve));
  for (let attempt = 0; ; attempt++) {
    if ((await fetch(`http://${host}/v2/`).catch(() => undefined))?.ok) break;
    if (attempt === 100 || server.exitCode !== null) throw new Error('docker-registry does not answer');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const requests = async () => {
    // Its log comes through a pipe.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return [...log.matchAll(/"(GET|HEAD|POST|PUT|PATCH) \/v2\/\S+ HTTP/g)].length;
  };
  try {
    return await work({ host, requests });
  } finally {
    server.kill();
    await ended;
    rmSync(storage, { recursive: true, force: true });
  }
}

/** Nobody is signed in anywhere. */
const env = (folder) => ({ DOCKER_CONFIG: folder, XDG_CONFIG_HOME: folder, XDG_RUNTIME_DIR: folder });

function copyExample(folder, name) {
  const project = join(mkdtempSync(join(folder, 'project-')), name);
  cpSync(join(root, 'examples', name), project, { recursive: true, filter: (path) => !path.endsWith('.tare') });
  return project;
}

/** Requests as the registry counts them, bytes as tare does: first, unchanged, and after an edit of one line. */
async function measureRequests(folder) {
  return withRegistry(folder, async ({ host, requests }) => {
    const project = copyExample(folder, 'fastapi-hello');
    const target = ['-t', `${host}/team/hello:1`];
    const pushed = async () => {
      const before = await requests();
      const { report, ms } = tare(folder, ['push', join(project, '.tare', 'image'), target[1]], env(folder));
      return { requests: (await requests()) - before, bytes: report.uploadedBytes, ms };
    };
    const both = {};
    for (const { name, args } of [
      { name: 'one', args: ['--platform', 'linux/amd64'] },
      { name: 'two', args: ['--platform', 'linux/amd64,linux/arm64'] },
    ]) {
      build(folder, project, [...target, ...args]);
      const first = await pushed();
      const unchanged = await pushed();
      appendFileSync(join(project, 'hello', 'badge.py'), `\nEDIT = '${name}'\n`);
      build(folder, project, [...target, ...args]);
      both[name] = { first, unchanged, edited: await pushed() };
    }
    return both;
  });
}

/** An OCI layout of one image with one layer of random bytes. */
function makeLayout(folder, size) {
  const layout = join(folder, 'large');
  const blobs = join(layout, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (bytes, mediaType) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const header = Buffer.alloc(512);
  header.write('data');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0ustar\x0000', 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const content = randomFillSync(Buffer.allocUnsafe(size));
  const tar = Buffer.concat([header, content, Buffer.alloc(1024 + ((512 - (size % 512)) % 512))]);
  const oci = 'application/vnd.oci.image';
  const layer = put(gzipSync(tar, { level: 0 }), `${oci}.layer.v1.tar+gzip`);
  const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
  const rootfs = { type: 'layers', diff_ids: [diffId] };
  const json = (value) => Buffer.from(JSON.stringify(value));
  const config = put(json({ architecture: 'amd64', os: 'linux', config: {}, rootfs }), `${oci}.config.v1+json`);
  const mediaType = `${oci}.manifest.v1+json`;
  const manifest = put(json({ schemaVersion: 2, mediaType, config, layers: [layer] }), mediaType);
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  return { layout, size: layer.size };
}

function timed(work) {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

/** Pushes to an empty registry and pulls into an empty cache and an empty layout, in turns with skopeo. */
async function measureThroughput(folder) {
  const { layout, size } = makeLayout(folder, Number(values.megabytes) * 1e6);
  const best = { size };
  const keep = (kind, ms, peak = 0) => {
    const known = best[kind] ?? { ms, peak };
    best[kind] = { ms: Math.min(known.ms, ms), peak: Math.max(known.peak, peak) };
  };
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 === 0 ? ['tare', 'skopeo'] : ['skopeo', 'tare']) {
      const room = mkdtempSync(join(folder, 'round-'));
      await withRegistry(room, async ({ host }) => {
        const name = `${host}/team/large:1`;
        const out = `oci:${join(room, 'out')}`;
        if (who === 'tare') {
          const push = tare(room, ['push', `oci:${layout}`, name], env(room));
          keep('tare push', push.ms, push.peak);
          const pull = tare(room, ['pull', name, '-o', out], {
            ...env(room),
            TARE_CACHE_DIR: join(room, 'pull-cache'),
          });
          keep('tare pull', pull.ms, pull.peak);
          return;
        }
        const copy = ['copy', '--quiet', '--dest-tls-verify=false', '--src-tls-verify=false'];
        keep(
          'skopeo push',
          timed(() => execFileSync('skopeo', [...copy, `oci:${layout}`, `docker://${name}`])),
        );
        keep(
          'skopeo pull',
          timed(() => execFileSync('skopeo', [...copy, `docker://${name}`, out])),
        );
      });
      rmSync(room, { recursive: true, force: true });
    }
  }
  rmSync(layout, { recursive: true, force: true });
  return best;
}

/** Cold: one platform and two, in turns, each with a cache of its own: nothing in it, then everything that was downloaded. */
function measurePlatforms(folder, example) {
  const kinds = { one: 'linux/amd64', two: 'linux/amd64,linux/arm64' };
  const best = {};
  const keep = (kind, { ms, cpu, report }) => {
    const { bytesDownloaded } = report.cache;
    if (best[kind] === undefined || ms < best[kind].ms) best[kind] = { ms, cpu, bytesDownloaded };
  };
  for (let round = 0; round < rounds; round++) {
    for (const [kind, platforms] of Object.entries(kinds)) {
      const room = mkdtempSync(join(folder, 'cold-'));
      const args = ['--platform', platforms];
      keep(`${kind}, empty cache`, build(room, copyExample(room, example), args));
      forgetMade(join(room, 'cache'));
      keep(`${kind}, downloaded`, build(room, copyExample(room, example), args));
      rmSync(room, { recursive: true, force: true });
    }
  }
  const ratio = (kind) => best[`two, ${kind}`].ms / best[`one, ${kind}`].ms;
  return { ...best, ratio: { empty: ratio('empty cache'), downloaded: ratio('downloaded') } };
}

/** What was computed leaves the cache; what was downloaded stays. */
function forgetMade(cache) {
  const records = join(cache, 'v1', 'records');
  for (const name of execFileSync('ls', [records], { encoding: 'utf8' }).split('\n')) {
    if (/layer|bytecode|compiler/.test(name)) rmSync(join(records, name), { recursive: true, force: true });
  }
}

assertCompiled();
const folder = mkdtempSync(join(tmpdir(), 'tare-registry-bench-'));
const results = {};
try {
  if (values.only.includes('requests')) {
    results.requests = await measureRequests(folder);
    for (const [name, pushes] of Object.entries(results.requests))
      for (const [kind, { requests, bytes, ms }] of Object.entries(pushes))
        line(`push, ${name} platform, ${kind}`, `${requests} requests`, `${bytes} bytes`, seconds(ms));
  }
  if (values.only.includes('throughput')) {
    results.throughput = await measureThroughput(folder);
    const { size, ...kinds } = results.throughput;
    for (const [kind, { ms, peak }] of Object.entries(kinds)) {
      const memory = peak === 0 ? '' : `peak ${megabytes(peak)}`;
      line(`${kind}, ${megabytes(size)}`, seconds(ms), `${((size / ms) * 1e-3).toFixed(0)} MB/s`, memory);
    }
  }
  if (values.only.includes('platforms')) {
    for (const example of values.examples.split(',')) {
      const { ratio, ...kinds } = measurePlatforms(folder, example);
      results[example] = { ratio, ...kinds };
      for (const [kind, { ms, cpu, bytesDownloaded }] of Object.entries(kinds))
        line(`${example}, ${kind}`, seconds(ms), `${seconds(cpu)} of processor`, megabytes(bytesDownloaded));
      line('two beside one', `empty cache ${ratio.empty.toFixed(2)}`, `downloaded ${ratio.downloaded.toFixed(2)}`);
    }
  }
  if (values.json) console.log(JSON.stringify(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
