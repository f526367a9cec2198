import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeLayout } from '../../src/store/layout.ts';
import { type MadeFiles, makeBaseImage, pythonProgram } from './base-maker.ts';
import { mustRun } from './command.ts';
import { makeElf } from './elf-maker.ts';
import { makeTemporaryDir } from './paths.ts';

/** In the shape of Docker's `python:3.13-alpine`: musl, and a Python that nobody starts. */
export const alpineFiles: MadeFiles = {
  'etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n',
  'lib/apk/db/installed': 'P:musl\n',
  'lib/ld-musl-x86_64.so.1': makeElf({}),
  'usr/local/bin/python3.13': pythonProgram('musl'),
  'usr/local/include/python3.13/patchlevel.h': '#define PY_VERSION      "3.13.9"\n',
};

/** In the shape of distroless: packages as files of `status.d`, Debian's Python, no shell. */
export const distrolessFiles: MadeFiles = {
  'usr/lib/os-release':
    'PRETTY_NAME="Distroless"\nNAME="Debian GNU/Linux"\nID="debian"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
  'var/lib/dpkg/status.d/libc6': 'Package: libc6\nVersion: 2.41-12\nArchitecture: amd64\n',
  'usr/lib/x86_64-linux-gnu/libc.so.6': makeElf({ soname: 'libc.so.6' }),
  'var/lib/dpkg/status.d/python3.13-minimal':
    'Package: python3.13-minimal\nVersion: 3.13.5-2\nArchitecture: amd64\nDepends: libc6 (>= 2.38)\n',
  'usr/bin/python3.13': pythonProgram(),
};

/** Makes an image of one layer and pushes it with skopeo. `name`: `127.0.0.1:5000/library/python:3.13-alpine`. */
export async function pushMadeBase(name: string, files: MadeFiles): Promise<void> {
  const dir = await makeTemporaryDir('made-base');
  try {
    const image = await makeBaseImage(dir, [files]);
    await writeLayout(join(dir, 'layout'), [image], { signal: new AbortController().signal });
    await pushLayout(join(dir, 'layout'), name);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Pushes the one image of a layout with skopeo. */
export async function pushLayout(layout: string, name: string, credentials?: string): Promise<void> {
  const login = credentials === undefined ? [] : [`--dest-creds=${credentials}`];
  await mustRun('skopeo', ['copy', '--dest-tls-verify=false', ...login, `oci:${layout}`, `docker://${name}`]);
}
