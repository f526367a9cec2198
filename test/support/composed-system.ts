import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LayerEntry } from '../../src/archive/layer-entry.ts';
import { writeLayer } from '../../src/archive/layer-writer.ts';
import { type ComposeSystemOptions, composeSystem, type SystemFacts } from '../../src/debian/compose-system.ts';
import type { FileFacts } from '../../src/root/file-facts.ts';
import { layTree } from '../../src/root/tree.ts';
import { mustRun } from './command.ts';
import { type DebSpec, makeDeb } from './deb-maker.ts';
import type { TarMember } from './tar-maker.ts';

/** Where libraries are. */
export const triplet = 'usr/lib/x86_64-linux-gnu';
export const folder = (name: string, mode = 0o755): TarMember => ({ name: `./${name}/`, flag: '5', mode });
export const file = (name: string, bytes: string | Uint8Array = name, mode = 0o644): TarMember => ({
  name: `./${name}`,
  bytes,
  mode,
});
export const link = (name: string, target: string): TarMember => ({ name: `./${name}`, flag: '2', target });

/** A file of the base. */
export const inBase = (path: string, type: FileFacts['type'], more: Partial<FileFacts> = {}): FileFacts => ({
  path,
  type,
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  ...more,
});
const merged = ['bin', 'lib', 'sbin'].map((name) => inBase(name, 'symlink', { linkTarget: `usr/${name}` }));
/** The folders of a merged root. */
export const slim: readonly FileFacts[] = [
  ...merged,
  ...['usr', 'usr/bin', 'usr/lib', triplet, 'usr/sbin', 'etc', 'var', 'var/lib', 'run'].map((path) =>
    inBase(path, 'directory'),
  ),
  inBase('var/run', 'symlink', { linkTarget: '/run' }),
];
export const status =
  'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.41\nDescription: x\n';

/** What `composeSystem` gave. */
export interface Composed {
  readonly entries: readonly LayerEntry[];
  readonly facts: SystemFacts;
  readonly get: (path: string) => LayerEntry | undefined;
  readonly text: (path: string) => string | undefined;
  readonly bytes: (path: string) => Uint8Array;
}

/** Adds packages that are made here, or given as bytes under the name `aa`, to a small base. */
export async function compose(
  specs: readonly (DebSpec | Buffer)[],
  given: Partial<Omit<ComposeSystemOptions, 'base'>> & { readonly base?: readonly FileFacts[] } = {},
): Promise<Composed> {
  const dir = await mkdtemp(join(tmpdir(), 'tare-system-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const debs = await Promise.all(
    specs.map(async (spec, index) => {
      const bytes = Buffer.isBuffer(spec) ? spec : makeDeb(spec).bytes;
      const one = {
        name: Buffer.isBuffer(spec) ? 'aa' : spec.name,
        version: (Buffer.isBuffer(spec) ? undefined : spec.version) ?? '1.0-1',
      };
      await writeFile(join(dir, `${index}.deb`), bytes);
      return { file: join(dir, `${index}.deb`), package: one };
    }),
  );
  const entries: LayerEntry[] = [];
  let facts: SystemFacts | undefined;
  const options = { architecture: 'amd64', suite: 'trixie', policy: 'needed', ...given } as const;
  const base = layTree([given.base ?? slim]);
  for await (const entry of composeSystem(debs, { ...options, base, onFacts: (found) => (facts = found) }))
    entries.push(entry);
  if (facts === undefined) throw new Error('no facts');
  const get = (path: string) => entries.find((entry) => entry.path === path);
  const bytes = (path: string) => {
    const content = get(path)?.content;
    return content?.kind === 'bytes' ? content.bytes : new Uint8Array(0);
  };
  const text = (path: string) => (get(path) === undefined ? undefined : Buffer.from(bytes(path)).toString('utf8'));
  return { entries, facts, get, text, bytes };
}

/** The layer unpacked over nothing. */
export async function unpacked({ entries }: Composed): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tare-system-root-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeLayer(entries, join(dir, 'layer.tar.gz'));
  await mkdir(join(dir, 'root'));
  await mustRun('tar', ['-xzf', join(dir, 'layer.tar.gz'), '-C', join(dir, 'root')]);
  return join(dir, 'root');
}
