// How fast wheels become layers, held against what cannot be avoided: inflating every member once, its CRC-32, SHA-256 of
// the raw bytes twice (RECORD and diff_id) and of the packed bytes once.
//
//   node bench/layers.mjs [FOLDER OF WHEELS]
//
// Each figure is from a process of its own, the bound and ours in turn, so that both are cold; the best of three counts.
// The folder is filled by pip from the index it is configured with.
import { execFileSync } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { crc32, inflateRawSync } from 'node:zlib';

const modules = new URL('../.bench/layers/', import.meta.url);
const entries = {
  writer: 'archive/layer-writer.ts',
  zip: 'archive/zip.ts',
  digest: 'base/digest.ts',
  pool: 'base/worker-pool.ts',
  observe: 'root/observe.ts',
};

/** Compiles the modules that are measured, as the build does for what it publishes. */
async function compile() {
  const { rolldown } = await import('rolldown');
  const source = (path) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));
  const input = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, source(path)]));
  const bundle = await rolldown({ input, platform: 'node', external: /^[^./]/ });
  await bundle.write({ dir: fileURLToPath(modules), format: 'esm', entryFileNames: '[name].js' });
}

const measuring = !isMainThread || process.argv[3] !== undefined;
if (!measuring) await compile();
const load = (name) => import(new URL(`${name}.js`, modules).href);
const { orderForGathering, writeLayer } = await load('writer');
const { readZip, readZipMember } = await load('zip');
const { digestFromHex } = await load('digest');
const { createWorkerPool, serveJobs } = await load('pool');
const { createObserver } = await load('observe');

const requirements = `
annotated_doc==0.0.7 annotated_types==0.8.0 anyio==4.16.0 certifi==2026.10.19.post1 click==8.5.1 fastapi==0.165.0
flatbuffers==25.12.19 h11==0.16.0 httpcore==1.0.9 httptools==0.9.0 httpx==0.28.1 idna==3.20 jinja2==3.1.6 markupsafe==3.0.4
numpy==2.5.5 onnxruntime==1.32.0 opencv_python_headless==5.0.0.93 opentelemetry_api==1.45.2 packaging==26.3
pandas==3.1.1 python_dateutil==4.0.0 tzdata==2026.6
pillow==13.0.0 protobuf==7.36.2 pydantic==2.14.4 pydantic_core==2.50.5 pydantic_settings==2.16.3 python_dotenv==1.2.4
python_multipart==0.0.34 pyyaml==6.0.4 sqlalchemy==2.1.9 starlette==1.10.0 typing_extensions==4.16.0
typing_inspection==0.4.5 uvicorn==0.54.0 uvloop==0.23.0 watchfiles==1.3.0 websockets==17.4`;
const platforms = ['manylinux_2_28', 'manylinux_2_27', 'manylinux_2_24', 'manylinux_2_17', 'manylinux2014'];
const rounds = 3;

/** The members of a wheel with the hashes of its RECORD. */
async function readWheel(file) {
  const archive = await readZip(file);
  const files = archive.entries.filter(({ isDirectory }) => !isDirectory);
  const record = files.find(({ name }) => /^[^/]+\.dist-info\/RECORD$/.test(name));
  const hashes = new Map();
  const text = Buffer.from(await readZipMember(record.slice, 64 * 1024 * 1024)).toString();
  for (const [, name, base64] of text.matchAll(/^"?(.+?)"?,sha256=([\w-]+)=*,/gm)) {
    hashes.set(name, digestFromHex(Buffer.from(base64, 'base64url').toString('hex')));
  }
  return files.map(({ name, slice }) => ({
    name,
    slice: { ...slice, ...(hashes.has(name) && { sha256: hashes.get(name) }) },
  }));
}

/** With the facts of every file, as the build writes layers; without them to see what ELF files cost as they stream by. */
export async function runJob({ file, output, observed }) {
  const members = await readWheel(file);
  const files = members.map(({ name, slice }) => {
    const path = `opt/venv/lib/python3.13/site-packages/${name}`;
    return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 315_532_800, content: slice };
  });
  if (!observed) return writeLayer(orderForGathering(files), output);
  const observer = createObserver({ spool: `${output}.elf` });
  const layer = await writeLayer(orderForGathering(files), output, { observe: observer.sinkFor });
  observer.close();
  return { ...layer, elfFiles: observer.facts().filter((one) => one.elf !== undefined).length };
}
serveJobs(runJob);

/** Wall clock and processor time since then, in milliseconds: the second stands where the machine is shared. */
function startClock() {
  const begun = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - begun, cpu: (user + system) / 1000 };
  };
}

/** The bound, with its members located beforehand and their bytes read one by one. */
async function measureBound(wheels) {
  const members = [];
  for (const file of wheels) members.push({ file, list: await readWheel(file) });
  const elapsed = startClock();
  for (const { file, list } of members) {
    const descriptor = openSync(file);
    const diff = createHash('sha256');
    const packed = createHash('sha256');
    for (const { slice } of list) {
      const bytes = Buffer.allocUnsafeSlow(slice.compressedSize);
      readSync(descriptor, bytes, 0, bytes.length, slice.offset);
      const raw =
        slice.method === 'stored' ? bytes : inflateRawSync(bytes, { chunkSize: Math.max(64, slice.size + 1) });
      if (crc32(raw) !== slice.crc32) throw new Error(`${file} is damaged`);
      hash('sha256', raw);
      diff.update(raw);
      packed.update(bytes);
    }
    closeSync(descriptor);
  }
  return elapsed();
}

/** `workers` 0: in this thread. */
async function measureLayers(wheels, workers, observed) {
  const folder = mkdtempSync(join(tmpdir(), 'tare-bench-'));
  const pool =
    workers > 0 ? createWorkerPool(new URL(import.meta.url), workers) : { run: runJob, close: async () => {} };
  try {
    const elapsed = startClock();
    // The largest first: the last to end is then a small one.
    const order = wheels.toSorted((left, right) => statSync(right).size - statSync(left).size);
    const job = (file, index) => ({ file, output: join(folder, String(index)), observed });
    const layers = [];
    if (workers > 0) layers.push(...(await Promise.all(order.map((file, index) => pool.run(job(file, index))))));
    else for (const [index, file] of order.entries()) layers.push(await pool.run(job(file, index)));
    const time = elapsed();
    const sum = (key) => layers.reduce((total, layer) => total + layer[key], 0);
    return { ...time, size: sum('size'), unpackedSize: sum('unpackedSize'), elfFiles: observed ? sum('elfFiles') : 0 };
  } finally {
    await pool.close();
    rmSync(folder, { recursive: true });
  }
}

function readWheels(folder) {
  mkdirSync(folder, { recursive: true });
  const list = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.whl'))
      .sort();
  if (list().length === 0) {
    const tags = platforms.flatMap((platform) => ['--platform', `${platform}_x86_64`]);
    const target = ['--only-binary=:all:', '--no-deps', '--implementation', 'cp', '--python-version', '3.13', ...tags];
    const names = requirements.trim().split(/\s+/);
    execFileSync('python3', ['-m', 'pip', 'download', '--quiet', ...target, '--dest', folder, ...names], {
      stdio: 'inherit',
    });
  }
  return list().map((name) => join(folder, name));
}

/** Runs one measurement in a process of its own, on one core where `taskset` is there to do it. */
function measureApart(kind, folder, cores) {
  const command = [process.execPath, fileURLToPath(import.meta.url), folder, kind];
  const [program, ...rest] = hasTaskset ? ['taskset', '--cpu-list', cores === 1 ? '0' : '0,1', ...command] : command;
  return JSON.parse(execFileSync(program, rest, { encoding: 'utf8' }));
}

function findTaskset() {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const hasTaskset = isMainThread && findTaskset();

function main(folder) {
  const wheels = readWheels(folder);
  const wheelSize = wheels.reduce((sum, file) => sum + statSync(file).size, 0);
  const best = {};
  for (let round = 0; round < rounds; round++) {
    for (const [kind, cores] of [
      ['bound', 1],
      ['here', 1],
      ['blind', 1],
      ['one', 1],
      ['two', 2],
    ]) {
      const measured = measureApart(kind, folder, cores);
      if (best[kind] === undefined || measured.ms < best[kind].ms) best[kind] = measured;
    }
  }
  const { bound, here, blind, one, two } = best;
  const ratio = { wall: here.ms / bound.ms, cpu: here.cpu / bound.cpu };
  // Both with threads, as the build runs them, so that starting one counts on both sides; `strict` is without on one.
  const speedup = { threads: one.ms / two.ms, strict: here.ms / two.ms };
  const line = (name, value, ...notes) => console.log(`${name.padEnd(22)} ${value.padStart(9)}   ${notes.join(', ')}`);
  const pinned = hasTaskset ? 'each on its own cores' : 'not held to cores: no taskset';
  console.log(
    `${wheels.length} wheels, ${megabytes(wheelSize)}, ${megabytes(here.unpackedSize)} raw; best of ${rounds}, ${pinned}`,
  );
  line('bound, one core', seconds(bound.ms), `${seconds(bound.cpu)} of processor`);
  const times = `${ratio.wall.toFixed(2)} x the bound (${ratio.cpu.toFixed(2)} x its processor time)`;
  const faster = `${speedup.threads.toFixed(2)} x faster than one worker, ${speedup.strict.toFixed(2)} x than no thread`;
  line('layers, no thread', seconds(here.ms), times, `peak ${megabytes(here.peak)}`);
  const scan = { ms: here.ms - blind.ms, cpu: here.cpu - blind.cpu };
  line('of it, reading ELF', seconds(scan.ms), `${seconds(scan.cpu)} of processor, ${here.elfFiles} files`);
  line('layers, one worker', seconds(one.ms), `${seconds(one.cpu)} of processor`, `peak ${megabytes(one.peak)}`);
  line('layers, two workers', seconds(two.ms), faster, `peak ${megabytes(two.peak)}`);
  line('packed', megabytes(here.size), `${(here.size / wheelSize).toFixed(4)} of the wheels`);
  console.log(JSON.stringify({ wheels: wheels.length, wheelSize, bound, here, blind, scan, one, two, ratio, speedup }));
}

if (isMainThread) {
  const folder = resolve(process.argv[2] ?? fileURLToPath(new URL('../.bench/wheels', import.meta.url)));
  const kind = process.argv[3];
  if (kind === undefined) {
    main(folder);
  } else {
    const wheels = readWheels(folder);
    const measured =
      kind === 'bound'
        ? await measureBound(wheels)
        : await measureLayers(wheels, { here: 0, blind: 0, one: 1, two: 2 }[kind], kind !== 'blind');
    console.log(JSON.stringify({ ...measured, peak: process.resourceUsage().maxRSS * 1024 }));
  }
}
