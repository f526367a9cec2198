import { describe, expect, test } from 'vitest';
import { type ArchiveSpec, writePythonArchive } from '../../test/support/archive-maker.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { composeArchive } from './compose-archive.ts';

async function compose(spec: ArchiveSpec = {}, needsLibrary = false): Promise<readonly LayerEntry[]> {
  const archive = await writePythonArchive(await temporaryDir('python-archive'), spec);
  const entries: LayerEntry[] = [];
  for await (const entry of composeArchive(archive, needsLibrary)) entries.push(entry);
  return entries;
}

const pathsOf = (entries: readonly LayerEntry[]) => entries.map(({ path }) => path);
const inside = (name: string, bytes = 'x') => ({ name: `python/${name}`, bytes });

describe('the Python of an archive in an image', () => {
  test('is in /opt/python, of root, with folders first, and nothing but what runs', async () => {
    const entries = await compose();
    expect(
      entries.map(({ path, type, mode, uid, gid }) => `${path} ${type} ${mode.toString(8)} ${uid}:${gid}`),
    ).toEqual([
      'opt directory 755 0:0',
      'opt/python directory 755 0:0',
      'opt/python/bin directory 755 0:0',
      'opt/python/bin/python3.12 file 755 0:0',
      'opt/python/lib directory 755 0:0',
      'opt/python/lib/python3.12 directory 755 0:0',
      'opt/python/lib/python3.12/os.py file 644 0:0',
      'opt/python/bin/python3 symlink 777 0:0',
    ]);
  });

  test.each([
    'bin/pip3.12',
    'bin/2to3',
    'include/python3.12/Python.h',
    'lib/pkgconfig/python3.pc',
    'lib/libpython3.12.a',
    'lib/python3.12/config-3.12-x86_64-linux-gnu/Makefile',
    'lib/python3.12/ctypes/test/test_x.py',
    'lib/python3.12/lib-dynload/_testcapi.cpython-312-x86_64-linux-gnu.so',
    'lib/python3.12/lib-dynload/_tkinter.cpython-312-x86_64-linux-gnu.so',
    'lib/python3.12/tkinter/__init__.py',
    'lib/python3.12/idlelib/idle.py',
    'lib/python3.12/ensurepip/_bundled/pip.whl',
    'lib/python3.12/site-packages/pip/__init__.py',
    'lib/python3.12/lib2to3/main.py',
    'lib/python3.12/json/__pycache__/decoder.cpython-312.pyc',
    'lib/python3.12/pydoc_data/topics.py',
    'lib/python3.12/EXTERNALLY-MANAGED',
    'lib/tcl8.6/init.tcl',
    'lib/libtcl8.6.so',
    'share/man/man1/python3.1',
  ])('%s stays out', async (path) => {
    expect(pathsOf(await compose({ members: [inside(path)] }))).not.toContain(`opt/python/${path}`);
  });

  test.each([
    'lib/python3.12/lib-dynload/_ssl.cpython-312-x86_64-linux-gnu.so',
    'lib/python3.12/unittest/mock.py',
    'lib/python3.12/pydoc.py',
    'lib/python3.12/venv/__init__.py',
    'lib/python3.12/LICENSE.txt',
    'lib/libssl.so.3',
  ])('%s goes in', async (path) => {
    expect(pathsOf(await compose({ members: [inside(path)] }))).toContain(`opt/python/${path}`);
  });

  test('its library is there where the interpreter is linked to it', async () => {
    expect(pathsOf(await compose({}, true))).toContain('opt/python/lib/libpython3.12.so.1.0');
  });

  test('links to what stays out stay out, and those to what goes in are kept, through each other', async () => {
    const link = (name: string, target: string) => ({ name: `python/${name}`, flag: '2', target });
    const members = [
      link('lib/libx.so', 'libx.so.1'),
      link('lib/libx.so.1', 'libx.so.1.0'),
      inside('lib/libx.so.1.0'),
      link('lib/libtk.so.0', 'libtk.so'),
      link('lib/other', '../share/man'),
    ];
    const paths = pathsOf(await compose({ members }));
    expect(paths).toEqual(expect.arrayContaining(['opt/python/lib/libx.so', 'opt/python/lib/libx.so.1']));
    expect(paths).not.toContain('opt/python/lib/other');
    expect(paths).not.toContain('opt/python/lib/libtk.so.0');
  });

  test('a hard link to a file that stays out is an error, not a file without bytes', async () => {
    const hard = { name: 'python/lib/python3.12/x.py', flag: '1', target: 'python/include/python3.12/patchlevel.h' };
    await expect(compose({ members: [hard] })).rejects.toMatchObject({ code: 'PYTHON_ARCHIVE_INVALID' });
    const good = { name: 'python/bin/python', flag: '1', target: 'python/bin/python3.12' };
    expect((await compose({ members: [good] })).find(({ path }) => path === 'opt/python/bin/python')).toMatchObject({
      type: 'hardlink',
      linkTarget: 'opt/python/bin/python3.12',
    });
  });
});
