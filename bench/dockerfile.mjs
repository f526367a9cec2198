// The Dockerfiles that tare writes beside those of bench/post/, which are written as one finds them: time cold and after an edit, size packed.
//
//   BUILDKIT_HOST=unix:///run/buildkit/buildkitd.sock node bench/dockerfile.mjs [--only venv,uv] [--rounds 2] [--secret ID=FILE=TARGET]...
//
// Needs `npm run build`, buildctl on PATH, and a daemon that can pull `python:3.13-trixie` and `python:3.13-slim-trixie`, as tare must be able to. Both sides are built by
// buildctl in turns, from copies of examples/ultralytics-serving, the best of all rounds counts; cold: `--no-cache` and cache mounts that nobody used before. A secret
// (a CA, a pip.conf) is mounted into every RUN of both sides: it stands for the surroundings.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { assertCompiled, root } from './tare-process.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'plain,cached,venv,wheels,uv' },
    rounds: { type: 'string', default: '2' },
    secret: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const secrets = values.secret.map((text) => {
  const [id, file, target] = text.split('=');
  return { id, file, target };
});
const example = join(root, 'examples', 'ultralytics-serving');
const folder = mkdtempSync(join(tmpdir(), 'tare-dockerfile-'));
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
let made = 0;

assertCompiled();

function tare(...args) {
  return execFileSync(process.execPath, [join(root, 'dist', 'main.js'), ...args], {
    encoding: 'utf8',
    maxBuffer: 64e6,
  });
}

/** What tare writes; what is missing of its secrets means upstream. */
function ours(variant) {
  const { dockerfile, dockerignore } = JSON.parse(tare('dockerfile', example, '--variant', variant, '--json'));
  return { text: dockerfile, dockerignore };
}

/** The post's way with what the surroundings ask of it. */
function theirs(variant) {
  const mounts = secrets.map(({ id, target }) => `--mount=type=secret,id=${id},target=${target}`).join(' ');
  const ca = secrets.find(({ id }) => id === 'ca');
  const text = readFileSync(join(root, 'bench', 'post', `${variant}.Dockerfile`), 'utf8')
    .replace(/^RUN /gm, `RUN ${mounts}${mounts === '' ? '' : ' '}`)
    // uv trusts its own list of authorities unless it is told.
    .replace(/\buv pip install\b/g, ca === undefined ? 'uv pip install' : `SSL_CERT_FILE=${ca.target} uv pip install`);
  return { text, dockerignore: '**/__pycache__\n**/.tare\n.git\n.venv\n' };
}

/** Cache mounts of names that no build has used. */
function withFreshCaches(text, mark) {
  return text.replace(
    /--mount=type=cache,(?:id=[^, ]+,)?target=([^, ]+)/g,
    `--mount=type=cache,id=${mark}$1,target=$1`,
  );
}

function build(context, dockerfile, dest, isCold) {
  const room = join(folder, `room-${made++}`);
  mkdirSync(room);
  writeFileSync(join(room, 'Dockerfile'), dockerfile.text);
  writeFileSync(join(room, 'Dockerfile.dockerignore'), dockerfile.dockerignore);
  const args = ['build', '--frontend', 'dockerfile.v0', '--progress', 'plain'];
  args.push('--local', `context=${context}`, '--local', `dockerfile=${room}`);
  for (const { id, file } of secrets) args.push('--secret', `id=${id},src=${file}`);
  if (isCold) args.push('--no-cache');
  args.push('--output', `type=oci,tar=false,dest=${dest}`);
  const begun = performance.now();
  execFileSync('buildctl', args, { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 256e6 });
  return performance.now() - begun;
}

function sizeOf(layout) {
  const read = (digest) => JSON.parse(readFileSync(join(layout, 'blobs', 'sha256', digest.slice(7)), 'utf8'));
  let [entry] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
  let document = read(entry.digest);
  if (document.manifests !== undefined) {
    entry = document.manifests.find((one) => one.platform?.os === 'linux') ?? document.manifests[0];
    document = read(entry.digest);
  }
  return document.layers.reduce((sum, layer) => sum + layer.size, 0);
}

/** One cold build and one after a one-line edit. */
function measure(variant, dockerfile) {
  const context = join(folder, `context-${made++}`);
  cpSync(example, context, {
    recursive: true,
    filter: (path) => !/\/(?:\.tare|__pycache__|\.venv)(?:\/|$)/.test(path),
  });
  const fresh = { ...dockerfile, text: withFreshCaches(dockerfile.text, `bench-${process.pid}-${made}`) };
  const layouts = [join(folder, `out-${made++}`), join(folder, `out-${made++}`)];
  const cold = build(context, fresh, layouts[0], true);
  const size = sizeOf(layouts[0]);
  // Never the same: a builder knows what it has built before.
  writeFileSync(join(context, 'serving', 'main.py'), `\n_edited = ${Date.now()}\n`, { flag: 'a' });
  const edit = build(context, fresh, layouts[1], false);
  for (const layout of layouts) rmSync(layout, { recursive: true });
  return { variant, cold, edit, size };
}

/** Both bases are pulled and unpacked before anything is measured: the first to need one would pay for all. */
function fetchBases() {
  const room = join(folder, 'bases');
  mkdirSync(room);
  const from = ['python:3.13-trixie', 'python:3.13-slim-trixie'].map(
    (name, at) => `FROM ${name} AS s${at}\nRUN true\n`,
  );
  writeFileSync(join(room, 'Dockerfile'), `${from.join('')}FROM s0\nCOPY --from=s1 /etc/passwd /tmp/\n`);
  const args = ['build', '--frontend', 'dockerfile.v0', '--local', `context=${room}`, '--local', `dockerfile=${room}`];
  execFileSync('buildctl', args, { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 64e6 });
}

const results = [];
try {
  fetchBases();
  for (const variant of values.only.split(',')) {
    const sides = { ours: ours(variant), theirs: theirs(variant) };
    const best = {};
    for (let round = 0; round < rounds; round++) {
      // Whoever comes first may find less in the memory of the machine.
      const order = Object.entries(sides);
      for (const [side, dockerfile] of round % 2 === 0 ? order : order.reverse()) {
        const one = measure(variant, dockerfile);
        const known = best[side] ?? one;
        best[side] = { cold: Math.min(known.cold, one.cold), edit: Math.min(known.edit, one.edit), size: one.size };
      }
    }
    const ratio = (key) => best.ours[key] / best.theirs[key];
    results.push({ variant, ...best, ratio: { cold: ratio('cold'), edit: ratio('edit'), size: ratio('size') } });
    if (values.json) continue;
    console.log(variant);
    for (const [side, { cold, edit, size }] of Object.entries(best))
      console.log(
        `  ${side.padEnd(7)} cold ${seconds(cold)}, after an edit ${seconds(edit)}, ${megabytes(size)} packed`,
      );
    console.log(
      `  ratio   cold ${ratio('cold').toFixed(2)}, after an edit ${ratio('edit').toFixed(2)}, size ${ratio('size').toFixed(2)}`,
    );
  }
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
