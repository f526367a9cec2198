// How long an image takes into a docker engine: pulled from the loopback by `tare build --load`, and by `docker load` of its archive.
//
//   node bench/load.mjs [EXAMPLE] [ROUNDS]
//
// Two engines of the bench's own, one for each way. First an empty engine gets the whole image, then a line is edited in each round and both
// get the image that comes of it, in turns; `docker load` once where the image before is there, and once where nothing is, as on a
// machine whose image was removed. Needs root, dockerd and docker.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertCompiled, build, root } from './tare-process.mjs';

const [name = 'ultralytics-serving', roundsText = '5'] = process.argv.slice(2);
const rounds = Number(roundsText);
const median = (values) => [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

/** With everything that it has in a folder, and no network of its own. */
async function startEngine(folder) {
  const socket = `unix://${join(folder, 's')}`;
  const places = [
    '--data-root',
    join(folder, 'data'),
    '--exec-root',
    join(folder, 'exec'),
    '--pidfile',
    join(folder, 'pid'),
  ];
  const args = ['--iptables=false', '--bridge=none', '-H', socket, ...places];
  const daemon = spawn('dockerd', args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => daemon.once('close', resolve));
  const env = { ...process.env, DOCKER_HOST: socket };
  const docker = (...words) =>
    execFileSync('docker', words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  for (let attempt = 0; ; attempt++) {
    try {
      docker('version');
      break;
    } catch (error) {
      if (attempt === 100 || daemon.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const stop = async () => {
    daemon.kill();
    await ended;
    const namespace = join(folder, 'exec', 'netns', 'default');
    if (existsSync(namespace)) execFileSync('umount', [namespace]);
  };
  return { socket, docker, stop };
}

function timed(work) {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

/** The Python file of the application that is edited: any one will do. */
function sourceIn(project) {
  const found = readdirSync(project, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('.py'))
    .sort();
  return join(project, found.at(-1));
}

assertCompiled();
const folder = mkdtempSync(join(tmpdir(), 'tare-load-'));
const pulling = await startEngine(mkdtempSync(join(folder, 'pull-')));
const loading = await startEngine(mkdtempSync(join(folder, 'load-')));
try {
  const project = join(folder, name);
  cpSync(join(root, 'examples', name), project, { recursive: true, filter: (path) => !path.endsWith('.tare') });
  build(folder, project);
  const archive = join(folder, 'image.tar');
  const tag = ['-t', 'bench:1'];

  const round = () => {
    const { ms, report } = build(folder, project, [...tag, '--load=docker'], { DOCKER_HOST: pulling.socket });
    if (report.loaded.by !== 'registry') throw new Error(`it came by ${report.loaded.by}: ${report.loaded.reason}`);
    const written = build(folder, project, [...tag, '-o', `docker-archive:${archive}`]);
    const load = () => timed(() => loading.docker('load', '--quiet', '--input', archive));
    const loadOver = load();
    loading.docker('rmi', '--force', ...loading.docker('images', '--all', '--quiet').trim().split('\n'));
    const loadAnew = load();
    const { bytes, layers } = report.loaded;
    return { pull: report.loaded.seconds * 1000, whole: ms, write: written.ms, loadOver, loadAnew, bytes, layers };
  };
  const first = round();
  const edits = [];
  for (let at = 0; at < rounds; at++) {
    appendFileSync(sourceIn(project), `\nROUND = ${at}\n`);
    edits.push(round());
  }
  const of = (key) => median(edits.map((one) => one[key]));
  const size = statSync(archive).size;
  console.log(
    `${name}: ${(size / 1e6).toFixed(1)} MB as an archive, ${first.layers.total} layers; edits: median of ${rounds}`,
  );
  const line = (text, pull, load) =>
    console.log(`${text}: --load ${seconds(pull)}, docker load ${seconds(load)}, ${(pull / load).toFixed(2)} of it`);
  line('engines that have nothing', first.pull, first.loadOver);
  line(`after an edit (${of('bytes')} bytes move), beside the image anew`, of('pull'), of('loadAnew'));
  line('after an edit, beside the image over the one before', of('pull'), of('loadOver'));
  console.log(
    `tare build --load after an edit, whole: ${seconds(of('whole'))}; writing the archive anew: ${seconds(of('write'))}`,
  );
  console.log(JSON.stringify({ name, size, first, edits }));
} finally {
  await pulling.stop();
  await loading.stop();
  rmSync(folder, { recursive: true, force: true });
}
