// How fast modules become bytecode, held against `python -m compileall` with as many processes, and what that costs a whole build.
//
//   node bench/bytecode.mjs [EXAMPLE] [ROUNDS]
//
// Compiling: the modules of all wheels of the example by the CPython of its own base, beside a CPython 3.13 of this machine, in turns; the
// best of each counts. Building: `tare build` with everything downloaded and nothing made, and with an empty cache, with and without.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { assertCompiled, root } from './tare-process.mjs';

const [name = 'ultralytics-serving', roundsText = '3'] = process.argv.slice(2);
const rounds = Number(roundsText);
const example = join(root, 'examples', name);
const processes = availableParallelism();
const modules = fileURLToPath(new URL('../.bench/bytecode/', import.meta.url));
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

assertCompiled();
const input = {
  bundle: join(root, 'src/bytecode/compile-bundle.ts'),
  process: join(root, 'src/bytecode/compile-process.ts'),
};
const compiled = await rolldown({ input, platform: 'node', external: /^[^./]/ });
await compiled.write({ dir: modules, format: 'esm', entryFileNames: '[name].js' });
const { writeBundle } = await import(join(modules, 'bundle.js'));
const { readBytecodeFormat } = await import(join(modules, 'process.js'));

const folder = mkdtempSync(join(tmpdir(), 'tare-bytecode-'));

function build(cache, ...args) {
  const env = { ...process.env, TARE_CACHE_DIR: cache };
  const begun = performance.now();
  const text = execFileSync(process.execPath, [join(root, 'dist', 'main.js'), 'build', example, '--json', ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return { ms: performance.now() - begun, report: JSON.parse(text) };
}

/** What was downloaded, without what was made of it. */
function downloadsOf(cache, copy) {
  for (const part of readdirSync(cache)) {
    if (part !== 'tools') cpSync(join(cache, part), join(copy, part), { recursive: true });
  }
  const records = join(copy, 'v1', 'records');
  for (const kind of readdirSync(records)) {
    if (/layer|bytecode|compiler|verdict/.test(kind)) rmSync(join(records, kind), { recursive: true });
  }
  return copy;
}

/** The CPython that the build has unpacked into its cache. */
async function ownCompiler(cache) {
  const [tool] = readdirSync(join(cache, 'tools')).filter((one) => one.startsWith('python-'));
  const base = join(cache, 'tools', tool, 'root');
  const triplet = existsSync(join(base, 'usr/lib/x86_64-linux-gnu')) ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu';
  const libraries = join(base, 'usr/lib', triplet);
  const loader = join(
    libraries,
    readdirSync(libraries).find((one) => one.startsWith('ld-linux')),
  );
  const started = {
    command: [loader, '--library-path', libraries, join(base, 'usr/bin/python3.13')],
    env: { PYTHONHOME: join(base, 'usr'), PYTHONHASHSEED: '0', LC_ALL: 'C.UTF-8' },
    cwd: base,
  };
  return { ...started, version: (await readBytecodeFormat(started)).version };
}

function modulesIn(site) {
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.py'));
  return files.map((path) => ({ path: `/opt/${path}`, read: () => readFileSync(join(site, path)) }));
}

function compileall(site, copy) {
  rmSync(copy, { recursive: true, force: true });
  cpSync(site, copy, { recursive: true });
  const args = ['-m', 'compileall', '-q', '-j', String(processes), '--invalidation-mode', 'unchecked-hash', copy];
  const begun = performance.now();
  try {
    execFileSync('python3.13', args, { stdio: 'ignore' });
  } catch {
    // Modules that do not compile make it fail; the others are compiled.
  }
  return performance.now() - begun;
}

try {
  const cache = join(folder, 'cache');
  const empty = { all: build(cache), none: build(join(folder, 'cache-none'), '--bytecode', 'none') };
  const compiler = await ownCompiler(cache);
  const tree = join(folder, 'root');
  build(cache, '--bytecode', 'none', '-o', `rootfs:${tree}`);
  const site = join(tree, 'opt/venv/lib/python3.13/site-packages');
  const sources = modulesIn(site);
  const times = { own: [], host: [] };
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    await writeBundle(compiler, sources, join(folder, `bundle-${round}`), { parallel: processes });
    times.own.push(performance.now() - begun);
    times.host.push(compileall(site, join(folder, 'copy')));
  }
  const [own, host] = [Math.min(...times.own), Math.min(...times.host)];
  console.log(`${name}: ${sources.length} modules, ${processes} processes, best of ${rounds}`);
  console.log(`CPython ${compiler.version} of the base  ${seconds(own)}`);
  console.log(`python3.13 -m compileall      ${seconds(host)}   ours is ${(host / own).toFixed(2)} x as fast`);
  mkdirSync(join(folder, 'made'));
  const made = { all: [], none: [] };
  for (let round = 0; round < rounds; round++) {
    for (const mode of ['all', 'none']) {
      const copy = downloadsOf(cache, join(folder, 'made', `${mode}-${round}`));
      made[mode].push(build(copy, '--bytecode', mode).ms);
      rmSync(copy, { recursive: true });
    }
  }
  const [all, none] = [Math.min(...made.all), Math.min(...made.none)];
  console.log(
    `build, all downloaded         ${seconds(all)} with, ${seconds(none)} without: ${(all / none).toFixed(2)} x`,
  );
  const ratio = (empty.all.ms / empty.none.ms).toFixed(2);
  console.log(
    `build, empty cache            ${seconds(empty.all.ms)} with, ${seconds(empty.none.ms)} without: ${ratio} x`,
  );
  const sizes = ({ report }) =>
    `${(report.platforms[0].size / 1e6).toFixed(1)} / ${(report.platforms[0].unpackedSize / 1e6).toFixed(1)} MB`;
  console.log(`image, packed / unpacked      ${sizes(empty.all)} with, ${sizes(empty.none)} without`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
