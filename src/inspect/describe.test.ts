import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../base/digest.ts';
import { parseImageConfig } from '../oci/config.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { FileFacts } from '../root/file-facts.ts';
import type { LayerContents } from '../root/layer-contents.ts';
import { type DescribedImage, describeImage } from './describe.ts';

const site = 'opt/venv/lib/python3.13/site-packages';

type Entry = string | { readonly link: string; readonly kind: 'symlink' | 'hardlink' };

/** A layer of files by path, each with its text. */
function layer(entries: Readonly<Record<string, Entry>>): LayerContents {
  const texts: Record<string, string> = {};
  const files = Object.entries(entries).map(([path, entry]): FileFacts => {
    const common = { path, mode: 0o755, uid: 0, gid: 0 };
    if (typeof entry !== 'string') return { ...common, type: entry.kind, size: 0, linkTarget: entry.link };
    texts[path] = entry;
    return { ...common, type: 'file', size: entry.length, sha256: sha256(entry) };
  });
  return { unpackedSize: 1024, files, texts };
}

interface Given {
  readonly history?: readonly { readonly created_by: string; readonly empty_layer?: boolean }[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function describeLayers(layers: readonly LayerContents[], given: Given = {}): DescribedImage {
  const config = {
    os: 'linux',
    architecture: 'amd64',
    config: { Env: ['PATH=/opt/venv/bin:/usr/bin', 'PYTHONPATH=/app'], WorkingDir: '/app', Labels: given.labels ?? {} },
    rootfs: { type: 'layers', diff_ids: layers.map((_, at) => sha256(String(at))) },
    history: given.history ?? [],
  };
  return describeImage({
    name: 'oci:out',
    digest: sha256('manifest'),
    platform: parsePlatform('linux/amd64'),
    config: parseImageConfig(new TextEncoder().encode(JSON.stringify(config)), 'test'),
    annotations: given.annotations ?? {},
    layers: layers.map((contents) => ({ size: 100, contents })),
  });
}

const base = layer({
  'usr/bin/python3.13': 'elf',
  'usr/lib/os-release': 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
  'usr/lib/python3.13/os.py': 'import sys',
  'usr/lib/x86_64-linux-gnu/libc.so.6': 'libc',
});
const environment = layer({
  'opt/venv/pyvenv.cfg': 'home = /usr/bin\n',
  'opt/venv/bin/python': { link: '/usr/bin/python3.13', kind: 'symlink' },
  'opt/venv/bin/tool': '#!/opt/venv/bin/python\n',
  [`${site}/tool/__init__.py`]: 'version = 1',
  [`${site}/tool/__pycache__/__init__.cpython-313.pyc`]: 'bytecode',
  [`${site}/tool-1.0.dist-info/RECORD`]: 'tool/__init__.py,,\ntool-1.0.dist-info/RECORD,,\n../../../bin/tool,,\n',
});
const application = layer({ 'app/main.py': 'import tool', 'app/__pycache__/main.cpython-313.pyc': 'code' });

describe('parts of an image', () => {
  test('a distribution has its files, scripts and bytecode', () => {
    const { distributions, python } = describeLayers([base, environment]);
    expect(python).toBe('3.13');
    expect(distributions.map(({ name, version }) => `${name} ${version}`)).toEqual(['tool 1.0']);
    expect([...(distributions[0]?.files.keys() ?? [])].sort()).toEqual([
      '../../../bin/tool',
      'tool-1.0.dist-info/RECORD',
      'tool/__init__.py',
      'tool/__pycache__/__init__.cpython-313.pyc',
    ]);
  });

  test('every byte is counted once, by what it is', () => {
    const history = [
      { created_by: 'tare: Debian trixie with Python' },
      { created_by: 'tare: a' },
      { created_by: 'tare: b' },
    ];
    const { parts, files } = describeLayers([base, environment, application], { history });
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    expect(Object.values(parts).reduce((sum, size) => sum + size, 0)).toBe(bytes);
    expect(parts).toMatchObject({ bytecode: 12, application: 11, system: 0 });
    expect(parts.base).toBe(base.files.reduce((sum, file) => sum + file.size, 0));
  });

  test('what a later layer hides is not in the image and is told as hidden', () => {
    const change = layer({ 'app/main.py': 'import tool, os', 'opt/venv/bin/.wh.tool': '' });
    const image = describeLayers([base, environment, application, change]);
    expect(image.hiddenSize).toBe('import tool'.length + '#!/opt/venv/bin/python\n'.length);
    expect(image.files.map(({ path }) => path)).not.toContain('opt/venv/bin/tool');
    expect(image.distributions[0]?.files.has('../../../bin/tool')).toBe(false);
    const opaque = layer({ 'app/.wh..wh..opq': '', 'app/new.py': 'x' });
    const paths = describeLayers([base, application, opaque]).files.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('app/'))).toEqual(['app/new.py']);
  });

  test('a hard link has no bytes of its own', () => {
    const linked = layer({ 'app/a': 'four', 'app/b': { link: 'app/a', kind: 'hardlink' } });
    const { parts, hiddenSize, files } = describeLayers([linked]);
    expect(parts.application).toBe(4);
    expect(hiddenSize).toBe(0);
    expect(files.map(({ path }) => path)).toEqual(['app/a', 'app/b']);
  });
});

describe('Debian packages', () => {
  const status = [
    'Package: libone\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\nInstalled-Size: 7',
    'Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1',
  ].join('\n\n');

  test('are counted by the files that are there, wherever the folders lead', () => {
    const image = layer({
      lib: { link: 'usr/lib', kind: 'symlink' },
      'usr/lib/one.so': 'eleven char',
      'var/lib/dpkg/status': status,
      'var/lib/dpkg/info/libone:amd64.list': '/.\n/lib\n/lib/one.so\n/usr/share/doc/one\n',
      'var/lib/dpkg/status.d/libtwo': 'Package: libtwo\nArchitecture: all\nVersion: 4\nInstalled-Size: 2\n',
      'var/lib/dpkg/status.d/libtwo.md5sums': 'x',
    });
    expect(describeLayers([image]).packages).toEqual([
      { name: 'libone', version: '1:2-3', architecture: 'amd64', bytes: 11 },
      { name: 'libtwo', version: '4', architecture: 'all', bytes: 2048 },
    ]);
  });

  test('a database that cannot be read lists none', () => {
    expect(describeLayers([layer({ 'var/lib/dpkg/status': '\u0000 nonsense' })]).packages).toEqual([]);
  });

  test('no text of a database breaks it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, list) => {
        const image = layer({
          'var/lib/dpkg/status': text,
          'var/lib/dpkg/info/x.list': list,
          [`${site}/a-1.dist-info/RECORD`]: text,
        });
        expect(() => describeLayers([image, environment])).not.toThrow();
      }),
    );
  });
});

describe('the base', () => {
  const layers = [base, environment, application];

  test('is named by annotations before labels, else by os-release', () => {
    const label = { 'org.opencontainers.image.base.name': 'python:3.13' };
    expect(describeLayers(layers).base.name).toBe('Debian GNU/Linux 13 (trixie)');
    expect(describeLayers(layers, { labels: label }).base.name).toBe('python:3.13');
    const annotations = { 'org.opencontainers.image.base.name': 'python:3.12' };
    expect(describeLayers(layers, { labels: label, annotations }).base.name).toBe('python:3.12');
    expect(describeLayers([application]).base).toEqual({ name: 'unknown' });
  });

  test('is measured where the history tells its layers', () => {
    const own = [
      { created_by: 'RUN x' },
      { created_by: 'tare: system libraries' },
      { created_by: 'tare: application' },
    ];
    expect(describeLayers(layers, { history: own }).base).toMatchObject({ layers: 1, size: 100, unpackedSize: 1024 });
    const python = [
      { created_by: 'ADD rootfs.tar /' },
      { created_by: 'RUN make install' },
      { created_by: 'CMD ["python3"]', empty_layer: true },
      { created_by: 'COPY . /app' },
    ];
    expect(describeLayers(layers, { history: python }).base).toMatchObject({ layers: 2, size: 200 });
    expect(describeLayers(layers, { history: [{ created_by: 'COPY . /app' }] }).base.layers).toBeUndefined();
  });
});
