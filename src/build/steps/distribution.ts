import { sha256 } from '../../base/digest.ts';
import { sortedBy } from '../../base/order.ts';
import { sitePackagesOf } from '../../plan/python.ts';
import { renderDistInfo } from '../../project/distribution.ts';
import { findConsoleScripts, renderConsoleScript } from '../../python/console-script.ts';
import { parseEntryPoints } from '../../python/entry-points.ts';
import { type RecordRow, renderRecord } from '../../python/record.ts';
import { contentTime } from '../content-time.ts';
import { fileEntry } from '../entries.ts';
import type { BuildInputs } from '../inputs.ts';
import type { KeyedEntry } from './project-layers.ts';

/** `.dist-info` and console scripts of the project itself, so that `importlib.metadata` knows it. */
export async function distributionEntries(inputs: BuildInputs, files: readonly KeyedEntry[]): Promise<KeyedEntry[]> {
  const { distribution, project, plan } = inputs;
  const [target] = plan.targets;
  if (distribution === undefined || target === undefined) return [];
  const { prefix, version } = target.python;
  const site = sitePackagesOf(target.python).slice(1);
  const distInfo = await renderDistInfo(project, distribution);
  const entries: KeyedEntry[] = distInfo.map((file) => generated(inputs, `${site}/${file.path}`, file.text, 0o644));
  const folder = distInfo[0]?.path.split('/')[0] ?? '';
  entries.push(generated(inputs, `${site}/${folder}/INSTALLER`, 'tare\n', 0o644));
  const entryPoints = distInfo.find((file) => file.path.endsWith('/entry_points.txt'));
  if (entryPoints !== undefined) entries.push(...scriptEntries(inputs, prefix, version, entryPoints.text));
  const owned = [...files.filter((one) => one.entry.path.startsWith(`${site}/`)), ...entries];
  entries.push(generated(inputs, `${site}/${folder}/RECORD`, renderRecord(recordRows(owned, site, folder)), 0o644));
  return entries;
}

function scriptEntries(inputs: BuildInputs, prefix: string, version: string, text: string): KeyedEntry[] {
  const where = 'the scripts of `pyproject.toml`';
  return findConsoleScripts(parseEntryPoints(text, where), version, where).map((script) =>
    generated(
      inputs,
      `${prefix.slice(1)}/bin/${script.name}`,
      renderConsoleScript(script, `${prefix}/bin/python`),
      0o755,
    ),
  );
}

function generated(inputs: BuildInputs, path: string, text: string, mode: number): KeyedEntry {
  const digest = sha256(text);
  return { entry: fileEntry(path, text, mode, inputs.sourceDateEpoch ?? contentTime(digest)), digest };
}

function recordRows(owned: readonly KeyedEntry[], site: string, folder: string): readonly RecordRow[] {
  const rows = owned.flatMap(({ entry, digest }): RecordRow[] => {
    if (entry.type !== 'file') return [];
    const path = entry.path.startsWith(`${site}/`)
      ? entry.path.slice(site.length + 1)
      : `../../../${entry.path.split('/').slice(2).join('/')}`;
    // As pip records what it compiles.
    if (digest === undefined) return [{ path }];
    const hash = { algorithm: 'sha256', hex: digest.slice('sha256:'.length) } as const;
    const size = sizeOf(entry);
    return [{ path, hash, ...(size === undefined ? {} : { size }) }];
  });
  return sortedBy([...rows, { path: `${folder}/RECORD` }], (row) => row.path);
}

function sizeOf(entry: KeyedEntry['entry']): number | undefined {
  if (entry.content?.kind === 'bytes') return entry.content.bytes.byteLength;
  return entry.content?.size;
}
