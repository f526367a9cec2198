import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createContext } from '../../src/api/context.ts';
import { writeLayer } from '../../src/archive/layer-writer.ts';
import type { BaseCache } from '../../src/base-image/base-image.ts';
import { readBaseImage } from '../../src/base-image/read-base.ts';
import { composeSystem, type SystemFacts } from '../../src/debian/compose-system.ts';
import { fetchDebs, openSuite } from '../../src/debian/mirror.ts';
import { readPackageFacts } from '../../src/debian/package-facts.ts';
import { parseRelations } from '../../src/debian/relation.ts';
import { solvePackages } from '../../src/debian/solve.ts';
import { openCache } from '../../src/store/cache.ts';
import { readLayout } from '../../src/store/read-layout.ts';
import { mustRun } from '../support/command.ts';
import { makeTemporaryDir, sharedCacheDir } from '../support/paths.ts';
import { requirePythonBase } from '../support/python-base.ts';

const wanted = 'libmagic1, libopenblas0, libgdk-pixbuf-2.0-0, librsvg2-common, netcat-openbsd, tdsodbc';

const check = `
import ctypes, ctypes.util, json, sys
gio = ctypes.CDLL('libgio-2.0.so.0')
gio.g_content_type_guess.restype = ctypes.c_char_p
pixbuf = ctypes.CDLL('libgdk_pixbuf-2.0.so.0')
pixbuf.gdk_pixbuf_new_from_file.restype = ctypes.c_void_p
with open('/tmp/a.svg', 'w') as f: f.write('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
error = ctypes.c_void_p()
print(json.dumps({
  'found': [ctypes.util.find_library(name) for name in ('blas', 'lapack', 'magic')],
  'type': gio.g_content_type_guess(b'x.docx', None, 0, None).decode(),
  'svg': bool(pixbuf.gdk_pixbuf_new_from_file(b'/tmp/a.svg', ctypes.byref(error))),
}))
ctypes.CDLL('libblas.so.3')
`;

let dir: string;
beforeAll(async () => {
  dir = await makeTemporaryDir('system-packages');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function cacheIn(folder: string): BaseCache {
  const cache = openCache(folder);
  return {
    read: (key) => cache.readRecord('base-facts', key),
    write: (key, value) => cache.writeRecord('base-facts', key, value),
    temporary: () => cache.temporary(),
  };
}

for (const suite of ['bookworm', 'trixie'] as const) {
  describe(`packages on an image with dpkg, ${suite}`, () => {
    test('are as if apt had installed them', async (testContext) => {
      const made = await requirePythonBase(testContext, '3.12', suite);
      const context = createContext({ cacheDir: sharedCacheDir });
      const base = await readBaseImage(await readLayout(made.layout), cacheIn(dir), context);
      const { architecture, loaderFolders } = base;
      const index = await openSuite(context, {}, suite, architecture);
      const installed = new Set(base.database.packages.map((one) => one.name));
      const packages = solvePackages(index, { wanted: parseRelations(wanted, architecture), provided: installed });
      const added = packages.filter((one) => !installed.has(one.name));
      const debs = await fetchDebs(context, added, openCache(sharedCacheDir));

      const listed = await mustRun('dpkg-deb', ['--contents', debs[0]?.file ?? '']);
      for (const { path, type } of (await readPackageFacts(debs[0]?.file ?? '')).files) {
        if (type === 'file') expect(listed).toContain(`./${path}`);
      }
      let facts: SystemFacts | undefined;
      const status = base.text('var/lib/dpkg/status');
      const options = { architecture, suite, base: base.tree, policy: 'depends', loaderFolders } as const;
      const entries = composeSystem(debs, {
        ...options,
        ...(status === undefined ? {} : { baseStatus: status }),
        onFacts: (found) => (facts = found),
      });
      const layer = join(dir, `${suite}.tar.gz`);
      await writeLayer(entries, layer);
      expect(facts?.warnings).toEqual([]);

      const root = join(dir, suite);
      await cp(made.root, root, { recursive: true, verbatimSymlinks: true });
      await mustRun('tar', ['-xzf', layer, '-C', root, '--keep-directory-symlink']);
      await mkdir(join(root, 'dev'), { recursive: true });
      await mustRun('sh', ['-c', `[ -e ${root}/dev/null ] || mknod -m 666 ${root}/dev/null c 1 3`]);
      const inside = (...command: string[]) =>
        mustRun('/usr/sbin/chroot', [root, ...command], {
          env: { PATH: '/usr/local/bin:/usr/bin:/usr/sbin', LC_ALL: 'C' },
        });

      expect(await inside('dpkg', '--audit')).toBe('');
      await inside('apt-get', 'check');
      for (const { name } of added) expect(await inside('dpkg', '--verify', name), name).toBe('');
      const statuses = await inside('dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n');
      for (const { name } of added) expect(statuses).toContain(`${name} installed\n`);
      const nc = await inside('update-alternatives', '--query', 'nc');
      expect(nc).toContain('Status: auto\nBest: /bin/nc.openbsd\nValue: /bin/nc.openbsd\n');

      const lines = (text: string) => text.split('\n').filter((line) => line.includes('=>'));
      const ours = lines(await inside('ldconfig', '-p'));
      await inside('ldconfig', '-C', '/tmp/cache');
      const theirs = lines(await inside('ldconfig', '-p', '-C', '/tmp/cache'));
      const names = theirs.map((line) => line.trim().split(' ')[0]);
      expect(ours).toEqual(theirs.filter((_line, place) => names.indexOf(names[place]) === place));

      expect(JSON.parse(await inside('python3.12', '-c', check))).toEqual({
        found: ['libblas.so.3', 'liblapack.so.3', 'libmagic.so.1'],
        type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
        svg: true,
      });
    });
  });
}
