// Everything that is measured, in one go, each beside what it is held against.
//
//   node bench/run.mjs [--json] [--rounds N]
//
// Layers beside their bound, the whole process beside a Node that does nothing, memory beside the wheel. Nothing is asserted.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureLargeWheel } from './large-wheel.mjs';
import { assertCompiled, root } from './tare-process.mjs';
import { measureWholeProcess } from './whole-process.mjs';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '7' } },
});
const rounds = Number(values.rounds);

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const line = (name, value, note = '') => console.log(`${name.padEnd(22)} ${value.padStart(9)}   ${note}`.trimEnd());
const heading = (text) => console.log(`\n${text}`);

function measureLayers() {
  const output = execFileSync(process.execPath, [join(root, 'bench', 'layers.mjs')], { encoding: 'utf8' });
  const lines = output.trimEnd().split('\n');
  const data = JSON.parse(lines.pop());
  for (const text of lines) console.log(text);
  return data;
}

function printWhole({ node, unchanged, edited, ratio, cold, size }) {
  const used = ({ cpu, peak }) => `${seconds(cpu)} of processor, peak ${megabytes(peak)}`;
  line('node that does nothing', seconds(node.ms), used(node));
  line('nothing changed', seconds(unchanged.ms), `${ratio.unchanged.toFixed(2)} x node, ${used(unchanged)}`);
  line('one line changed', seconds(edited.ms), `${ratio.edited.toFixed(2)} x nothing changed, ${used(edited)}`);
  line('empty cache', seconds(cold.ms), `${megabytes(cold.bytesDownloaded)} downloaded, ${used(cold)}`);
  const share = (size.base / size.image).toFixed(2);
  line('base, packed', megabytes(size.base), `${share} of the image of ${megabytes(size.image)}`);
}

function printLarge(large) {
  if (large === undefined) {
    console.log('skipped: pip finds no large wheel on the index that it is configured with');
    return;
  }
  line('wheel', megabytes(large.size), large.filename);
  line('build', seconds(large.ms), `layer ${megabytes(large.layerSize)}, raw ${megabytes(large.unpackedSize)}`);
  line('peak memory', megabytes(large.peak), `${large.ratio.toFixed(2)} x the wheel`);
}

assertCompiled();
const folder = mkdtempSync(join(tmpdir(), 'tare-bench-'));
try {
  const [load = 0] = loadavg();
  const machine = { cores: availableParallelism(), node: process.version, load };
  console.log(`${machine.cores} cores, Node ${machine.node}, load ${load.toFixed(2)} at the start`);
  heading('layers of the wheels of a lock');
  const layers = measureLayers();
  heading(`tare build examples/fastapi-hello, whole process, best of ${rounds}`);
  const whole = measureWholeProcess(folder, rounds);
  printWhole(whole);
  heading('one large wheel, its layer not in the cache');
  const large = await measureLargeWheel(folder);
  printLarge(large);
  if (values.json) console.log(JSON.stringify({ machine, layers, whole, large }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
