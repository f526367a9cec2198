import type { FileException } from './same-files.ts';

const information = /^[^/]+\.dist-info\//;

/** What installers do in ways of their own, so that the same wheel is there with other files. */
export const installerExceptions: readonly FileException[] = [
  {
    reason: 'names the installer itself',
    covers: (path) => information.test(path) && path.endsWith('/INSTALLER'),
  },
  {
    reason: 'lists what differs here: scripts, bytecode, the files of the installer',
    covers: (path) => information.test(path) && path.endsWith('/RECORD'),
  },
  {
    reason: 'marks what a person asked for by name, which each installer takes from what it was given',
    covers: (path) => information.test(path) && path.endsWith('/REQUESTED'),
  },
  {
    reason: 'says where the distribution came from: an address of a file or index that is not the same',
    covers: (path) => information.test(path) && /\/(?:direct_url\.json|uv_cache\.json|uv_build\.json)$/.test(path),
  },
  {
    reason: 'a script in `bin`, which each installer writes from the entry point in words of its own',
    covers: (path) => /^(?:\.\.\/)+bin\/[^/]+$/.test(path),
  },
];
