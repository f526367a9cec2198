// What a person waits for: the whole process, with nothing changed and with one line of code changed, beside a Node that
// does nothing; and what the first build needs and gives.
import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { build, root, startNode } from './tare-process.mjs';

const example = join(root, 'examples', 'fastapi-hello');

/**
 * Builds a copy of the example: first with an empty cache, then in turn, so that each kind meets the same machine. Of time and
 * processor time the least of all rounds counts, each for itself.
 */
export function measureWholeProcess(folder, rounds) {
  const project = join(folder, 'fastapi-hello');
  cpSync(example, project, { recursive: true, filter: (path) => !path.endsWith('.tare') });
  const { report, ...cold } = build(folder, project);
  const best = {};
  const take = (kind, { ms, cpu, peak }) => {
    const known = best[kind] ?? { ms, cpu, peak };
    best[kind] = { ms: Math.min(known.ms, ms), cpu: Math.min(known.cpu, cpu), peak: Math.max(known.peak, peak) };
  };
  for (let round = 0; round < rounds; round++) {
    take('node', startNode(folder));
    take('unchanged', build(folder, project));
    appendFileSync(join(project, 'hello', 'badge.py'), `\nROUND = ${round}\n`);
    const edited = build(folder, project);
    if (edited.report.cache.misses !== 1) throw new Error(`an edit made ${edited.report.cache.misses} layers`);
    take('edited', edited);
  }
  const [image] = report.platforms;
  const sizeOf = (kind) => image.layers.filter((layer) => layer.kind === kind).reduce((sum, { size }) => sum + size, 0);
  return {
    ...best,
    ratio: { unchanged: best.unchanged.ms / best.node.ms, edited: best.edited.ms / best.unchanged.ms },
    cold: { ...cold, bytesDownloaded: report.cache.bytesDownloaded },
    size: { base: sizeOf('base'), wheels: sizeOf('wheels'), image: image.size },
  };
}
