import type { BuildReport, LayerReport, PlatformReport } from '../build/build-report.ts';
import type { LayerKind, Plan } from '../plan/types.ts';
import { renderBytes } from '../base/size-text.ts';
import { renderFound } from './findings-text.ts';
import { renderColumns, renderCount, renderDuration, renderPlainText } from './format.ts';

/** What a person sees at the end of a build. */
export function renderBuildText(report: BuildReport, plan: Plan, place: string): string {
  const { name, version } = plan.project;
  const title = renderPlainText(version === undefined ? name : `${name} ${version}`);
  const parts = report.platforms.map((platform) => `${title} for ${platform.platform}\n${renderPlatform(platform)}`);
  const { hits, misses, bytesDownloaded } = report.cache;
  const downloaded = bytesDownloaded === 0 ? '' : `, ${renderBytes(bytesDownloaded)} downloaded`;
  const layers = misses === 0 ? `all ${hits} layers from the cache` : `${misses} of ${hits + misses} layers made`;
  return [
    ...parts,
    ...renderStripped(plan),
    ...renderLockUse(report),
    `${place} in ${renderDuration(report.timings['total'] ?? 0)} (${layers}${downloaded})`,
    report.digest,
  ].join('\n\n');
}

/** Where the files of a lock came from. */
function renderLockUse({ lock }: BuildReport): readonly string[] {
  if (lock === undefined) return [];
  const sources = lock.sources.map(({ source, files, bytes }) => {
    const size = source === 'cache' ? '' : ` (${renderBytes(bytes)})`;
    return `${renderCount(files, 'file')} from ${wordsOf[source] ?? `the ${source}`}${size}`;
  });
  return [`as tare.lock says: ${sources.join(', ')}`];
}

const wordsOf: Readonly<Record<string, string>> = { 'extra source': 'an extra source', 'base-from': '`--base-from`' };

function renderPlatform(platform: PlatformReport): string {
  // In the order in which they lie on each other.
  const kinds = [...new Set(platform.layers.map((layer) => layer.kind))];
  const rows = kinds.map((kind) =>
    rowOf(
      kind,
      platform.layers.filter((layer) => layer.kind === kind),
    ),
  );
  rows.push([
    'total',
    renderBytes(platform.size),
    renderBytes(platform.unpackedSize),
    renderCount(platform.layers.length, 'layer'),
  ]);
  const table = renderColumns([['', 'packed', 'unpacked', ''], ...rows], ['left', 'right', 'right', 'left'], '  ');
  return [table, ...renderBytecode(platform), ...renderBuilt(platform), ...renderFindings(platform)].join('\n');
}

/** Stripping that leaves most of it there is better known. */
function renderStripped({ sources, files }: Plan): readonly string[] {
  if (sources.mode === 'keep') return [];
  const paths = files.groups.flatMap((group) => group.paths.filter((path) => path.endsWith('.py')));
  if (sources.kept.length === 0) return ['the application is there as bytecode alone'];
  return [
    `${sources.kept.length} of ${renderCount(paths.length, 'module')} of the application stay sources: \`tare plan --files\` says why`,
  ];
}

function renderBytecode({ bytecodeSize, unpackedSize }: PlatformReport): readonly string[] {
  if (bytecodeSize === 0) return [];
  const share = Math.round((100 * bytecodeSize) / unpackedSize);
  return [`  ${renderBytes(bytecodeSize)} of it (${share} %) is bytecode`];
}

function renderBuilt({ builtWheels = [] }: PlatformReport): readonly string[] {
  if (builtWheels.length === 0) return [];
  const sources = builtWheels.map((one) => renderPlainText(one.source)).join(', ');
  return [`  ${renderCount(builtWheels.length, 'wheel')} built from source: ${sources}`];
}

function renderFindings({ findings }: PlatformReport): readonly string[] {
  const found = renderFound(findings);
  return found === '' ? [] : [`  ${found}`];
}

function rowOf(kind: LayerKind, layers: readonly LayerReport[]): string[] {
  const sum = (of: (layer: LayerReport) => number): number => layers.reduce((total, layer) => total + of(layer), 0);
  return [
    kind,
    renderBytes(sum((layer) => layer.size)),
    renderBytes(sum((layer) => layer.unpackedSize)),
    describe(kind, layers),
  ];
}

function describe(kind: LayerKind, layers: readonly LayerReport[]): string {
  if (kind === 'system')
    return renderCount(
      layers.reduce((total, layer) => total + layer.contents.length, 0),
      'Debian package',
    );
  if (kind === 'base' && layers.length > 1)
    return `${layers[0]?.title.replace(/ \d+\/\d+$/, '') ?? ''}, ${layers.length} layers`;
  if (kind !== 'wheels') return renderPlainText(layers.map((layer) => layer.title).join(', '));
  const count = layers.reduce((total, layer) => total + layer.contents.length, 0);
  return `${renderCount(count, 'wheel')} in ${renderCount(layers.length, 'layer')}`;
}
