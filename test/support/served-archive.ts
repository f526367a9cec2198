import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createContext } from '../../src/api/context.ts';
import { debianPythons, resolveCore } from '../../src/debian/core-set.ts';
import { fetchDebs, openSuite } from '../../src/debian/mirror.ts';
import type { DebPackage } from '../../src/debian/package.ts';
import { renderRelationGroup, type RelationGroup } from '../../src/debian/relation.ts';
import { openCache } from '../../src/store/cache.ts';
import type { MadeDeb } from './deb-maker.ts';
import { type ArchiveKey, makeMirror, type ReleaseSpec } from './debian-mirror.ts';
import { sharedCacheDir } from './paths.ts';

/** A Debian archive on a free port of the loopback whose content a test changes as it goes. */
export interface ServedArchive {
  /** Addresses of the archive, of that of security fixes, and of one of old packages. */
  readonly main: string;
  readonly security: string;
  readonly old: string;
  /** By address; to be changed at will. */
  readonly files: Map<string, Uint8Array>;
  /** Addresses that were asked for since the last `forget`. */
  readonly asked: () => readonly string[];
  readonly forget: () => void;
  readonly publish: (archive: string, release: ReleaseSpec, key: ArchiveKey) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startArchive(): Promise<ServedArchive> {
  const { files, publish } = makeMirror();
  const asked: string[] = [];
  let origin = '';
  const server = createServer((incoming, response) => {
    const address = `${origin}${incoming.url ?? ''}`;
    asked.push(address);
    const bytes = files.get(address);
    if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  origin = `http://127.0.0.1:${address.port}`;
  return {
    main: `${origin}/debian`,
    security: `${origin}/debian-security`,
    old: `${origin}/old`,
    files,
    publish,
    asked: () => asked,
    forget: () => void asked.splice(0),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The packages of a real base, from this machine's mirror, for an archive of one's own. */
export async function realCore(architecture: string): Promise<readonly MadeDeb[]> {
  const context = createContext({ cacheDir: sharedCacheDir });
  const [{ suite, python }] = debianPythons;
  const index = await openSuite(context, {}, suite, architecture);
  const debs = await fetchDebs(context, resolveCore(index, python), openCache(sharedCacheDir));
  return Promise.all(debs.map(async ({ file, package: one }) => asMade(one, await readFile(file))));
}

function asMade(one: DebPackage, bytes: Buffer): MadeDeb {
  const { name, version, architecture, filename } = one;
  const relations = (groups: readonly RelationGroup[]) => groups.map(renderRelationGroup).join(', ');
  const fields = {
    Depends: relations(one.depends),
    Conflicts: relations(one.conflicts),
    Provides: relations(one.provides),
    ...(one.multiArch === 'no' ? {} : { 'Multi-Arch': one.multiArch }),
    Priority: one.priority,
  };
  const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  return { spec: { name, version, architecture, fields: filled }, filename, bytes };
}
