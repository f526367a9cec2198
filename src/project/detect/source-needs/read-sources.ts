import type { ModuleView } from './module-view.ts';
import type { ViewReader } from './module-views.ts';
import type { SourceNeed } from './source-need.ts';
import { type Carrier, findCarrierUses, findReaderUses, judgeUse, type ReaderUse } from './source-readers.ts';

const mostRounds = 4;
const mostCarriers = 200;

/**
 * Sources that functions like `inspect.getsource` and `numba.njit(cache=True)` read. Where a function of the project passes on what it is
 * given, its uses in all modules are judged instead; where there are none, what it reads stays unknown.
 */
export async function findReadSources(
  chosen: readonly ModuleView[],
  paths: readonly string[],
  views: ViewReader,
): Promise<readonly SourceNeed[]> {
  const needs: SourceNeed[] = [];
  const known = new Set<string>();
  let uses: readonly ReaderUse[] = chosen.flatMap(findReaderUses);
  for (let round = 0; round < mostRounds && uses.length > 0; round += 1) {
    const judged = uses.map(judgeUse);
    const carriers = judged.flatMap(({ carrier }) => carrier ?? []).filter((one) => !known.has(keyOf(one)));
    const modules = carriers.length === 0 ? [] : await views.readMentioning(paths, carriers);
    const next: ReaderUse[] = [];
    const passedOn = new Set<string>();
    for (const carrier of carriers.slice(0, mostCarriers)) {
      if (known.has(keyOf(carrier))) continue;
      known.add(keyOf(carrier));
      const found = modules.flatMap((view) => findCarrierUses(view, carrier));
      if (found.length > 0) passedOn.add(keyOf(carrier));
      next.push(...found);
    }
    for (const one of judged) {
      const isPassedOn = one.carrier !== undefined && passedOn.has(keyOf(one.carrier));
      needs.push(...one.needs.map((need) => (isPassedOn ? withoutDoubt(need) : need)));
    }
    uses = next;
  }
  return [...needs, ...(await findScripted(needs, views))];
}

function keyOf({ path, name, use }: Carrier): string {
  return `${path}:${name}:${use.reader.kind}`;
}

function withoutDoubt({ path, kind, because }: SourceNeed): SourceNeed {
  return { path, kind, because: { ...because, rule: because.rule.replace(/, and which that is .*$/, '') } };
}

/** TorchScript compiles what scripted code calls, too: modules with torch that the scripted ones import. */
async function findScripted(needs: readonly SourceNeed[], views: ViewReader): Promise<readonly SourceNeed[]> {
  const found = new Map<string, SourceNeed>();
  const queue = needs.filter(({ kind }) => kind === 'torch-script');
  const seen = new Set(queue.map(({ path }) => path));
  for (const { path, because } of queue) {
    for (const { module } of await views.readImported(await views.read(path))) {
      if (seen.has(module.path) || !/\btorch\b/.test(module.text)) continue;
      seen.add(module.path);
      const rule = `${because.rule}, and of what that calls`.replace(
        /(?:, and of what that calls){2,}$/,
        ', and of what that calls',
      );
      const need: SourceNeed = { path: module.path, kind: 'torch-script', because: { ...because, rule } };
      found.set(module.path, need);
      queue.push(need);
    }
  }
  return [...found.values()];
}
