import { spawnSync } from 'node:child_process';

const loaders = { amd64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' };

/** What the loader of an unpacked image finds for each file, executing nothing of it; for arm64 through the kernel's emulator. */
export function listWithLoader(root, architecture, paths, libraryPath) {
  // As ldd(1) does it: with `--list` the loader ends at the first library that it lacks.
  const trace = `LD_TRACE_LOADED_OBJECTS=1 ${loaders[architecture]} "$f" 2>&1`;
  const each = `while IFS= read -r f; do echo "FILE $f"; ${trace}; done; echo FILE`;
  const { stdout, stderr, status } = spawnSync('/usr/sbin/chroot', [root, '/bin/sh', '-c', each], {
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...(libraryPath === '' ? {} : { LD_LIBRARY_PATH: libraryPath }) },
    input: paths.map((path) => `/${path}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 29,
  });
  const parts = stdout.split(/^FILE ?/m).slice(1);
  if (parts.length !== paths.length + 1) throw new Error(`the loader of ${root} ended with ${status}\n${stderr}`);
  return parts.slice(0, -1).map((part) => listingOf(part.slice(part.indexOf('\n') + 1)));
}

function listingOf(text) {
  const found = [];
  const missing = [];
  const versions = [];
  const unread = [];
  for (const line of text.split('\n')) {
    const [, lost] = /^\t(\S+) => not found$/.exec(line) ?? [];
    const [, place] = /^\t(?:.+ => )?(\/.+) \(0x[0-9a-f]+\)$/.exec(line) ?? [];
    const [, provider, version, by] =
      /^\S.*?: (\/\S+): version `(.+)' not found \(required by (\/.+)\)$/.exec(line) ?? [];
    if (lost !== undefined) missing.push(lost);
    else if (place !== undefined) found.push(place);
    else if (version !== undefined) versions.push({ provider, version, by });
    else if (!/^$|^\t(?:linux-vdso\.so\S*)? \(0x|^\tstatically linked$/.test(line)) unread.push(line);
  }
  return { found, missing, versions, unread };
}
