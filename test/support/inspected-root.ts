import type { ElfFacts } from '../../src/elf/elf.ts';
import type { InspectedConfig, InspectInput } from '../../src/inspect/inspected-image.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import type { FileFacts } from '../../src/root/file-facts.ts';
import { layTree } from '../../src/root/tree.ts';

export type RootFile = Partial<Omit<FileFacts, 'path' | 'elf'>> & {
  readonly elf?: Partial<ElfFacts>;
  readonly text?: string;
};

export interface RootSpec {
  /** By path; a text is the content of a file, `-> TARGET` a link. */
  readonly files?: Readonly<Record<string, string | RootFile>>;
  readonly config?: Partial<InspectedConfig>;
  readonly platform?: string;
  /** What a distribution opens by name. */
  readonly opened?: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly runs?: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Without the parts that every sound image has. */
  readonly bare?: boolean;
}

const noElf: ElfFacts = {
  class: 64,
  endian: 'little',
  machine: 'amd64',
  type: 'shared',
  needed: [],
  neededVersions: [],
  definedVersions: [],
};

export const elf = (facts: Partial<ElfFacts> = {}): RootFile => ({ mode: 0o644, elf: facts });
export const program = (facts: Partial<ElfFacts> = {}): RootFile => ({
  mode: 0o755,
  elf: { type: 'shared', interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'], ...facts },
});
export const site = 'opt/venv/lib/python3.13/site-packages';

/** A small image of Python 3.13 with an environment and an application, in which nothing is wrong. */
const sound: Readonly<Record<string, string | RootFile>> = {
  'usr/bin/python3.13': program(),
  'usr/bin/env': program(),
  'usr/lib/python3.13/os.py': '',
  'usr/lib/x86_64-linux-gnu/libc.so.6': elf({ soname: 'libc.so.6', definedVersions: ['GLIBC_2.2.5', 'GLIBC_2.34'] }),
  'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': elf({ soname: 'ld-linux-x86-64.so.2' }),
  'lib64/ld-linux-x86-64.so.2': '-> /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
  'opt/venv/pyvenv.cfg': 'home = /usr/bin\ninclude-system-site-packages = false\n',
  'opt/venv/bin/python': '-> /usr/bin/python3.13',
  'opt/venv/bin/serve': { mode: 0o755, shebang: '/opt/venv/bin/python' },
  [`${site}/shop/__init__.py`]: '',
  [`${site}/shop/cli.py`]: '',
  [`${site}/shop-1.0.dist-info/entry_points.txt`]: '[console_scripts]\nserve = shop.cli:main\n',
  [`${site}/shop-1.0.dist-info/RECORD`]: 'shop/__init__.py,,\nshop/cli.py,,\n',
  'app/main.py': '',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n',
  'home/web': { type: 'directory', mode: 0o755, uid: 1000, gid: 1000 },
  tmp: { type: 'directory', mode: 0o1777 },
};

/** What `verifyImage` takes, of a sound image with changes. An empty object as a file's facts removes it. */
export function makeRoot(spec: RootSpec = {}): InspectInput {
  const files = Object.entries({ ...(spec.bare === true ? {} : sound), ...spec.files });
  const texts = new Map<string, string>();
  const facts = files.flatMap(([path, file]): FileFacts[] => {
    if (typeof file !== 'string' && Object.keys(file).length === 0) return [];
    const plain = { path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0 } as const;
    if (typeof file === 'string') {
      if (file.startsWith('-> ')) return [{ ...plain, type: 'symlink', mode: 0o777, linkTarget: file.slice(3) }];
      texts.set(path, file);
      return [{ ...plain, size: file.length }];
    }
    const { elf: partial, text, ...rest } = file;
    if (text !== undefined) texts.set(path, text);
    return [{ ...plain, ...rest, ...(partial === undefined ? {} : { elf: { ...noElf, ...partial } }) }];
  });
  return {
    tree: layTree([facts]),
    texts,
    platform: parsePlatform(spec.platform ?? 'linux/amd64'),
    config: {
      env: [{ name: 'PATH', value: '/opt/venv/bin:/usr/bin' }],
      user: 'web',
      workdir: '/app',
      command: ['python', '-m', 'main'],
      labels: {},
      ...spec.config,
    },
    knowledge: {
      needsOf: (distributions) =>
        distributions.flatMap(({ name: distribution }) => [
          ...(spec.opened?.[distribution] ?? []).map((names) => ({
            kind: 'library' as const,
            distribution,
            names,
            condition,
          })),
          ...(spec.runs?.[distribution] ?? []).map((names) => ({
            kind: 'program' as const,
            distribution,
            names,
            condition,
          })),
        ]),
      isHostLibrary: (soname) => soname === 'libcuda.so.1',
      whyOptional: (distribution) => (distribution === 'fragile' ? 'it is known to do without' : undefined),
    },
  };
}

const condition = 'it is imported';
