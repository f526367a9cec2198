import { TareError } from '../base/errors.ts';
import type { InstallScheme } from './install.ts';
import type { Wheel } from './wheel.ts';

/** The folders of a virtual environment, relative to the root of the image (Python's `sysconfig` scheme `venv`). */
export interface InstallFolders {
  readonly prefix: string;
  readonly scripts: string;
  /** `purelib` and `platlib` are one in a virtual environment. */
  readonly site: string;
  readonly headers: string;
}

export function installFolders(scheme: InstallScheme, wheel: Pick<Wheel, 'name'>): InstallFolders {
  const { pythonVersion } = scheme;
  if (!/^\/[^/]/.test(scheme.prefix) || /(?:^|\/)\.{0,2}(?:\/|$)/.test(scheme.prefix.slice(1))) {
    throw new Error(`the prefix of an environment must be a plain absolute path: ${scheme.prefix}`);
  }
  if (!/^3\.[0-9]+$/.test(pythonVersion)) throw new Error(`not a minor version of Python: ${pythonVersion}`);
  const prefix = scheme.prefix.slice(1);
  const suffix = scheme.isFreeThreaded === true ? `${pythonVersion}t` : pythonVersion;
  return {
    prefix,
    scripts: `${prefix}/bin`,
    site: `${prefix}/lib/python${suffix}/site-packages`,
    headers: `${prefix}/include/site/python${suffix}/${wheel.name}`,
  };
}

export interface Destination {
  /** Relative to the root of the image. */
  readonly path: string;
  readonly kind: 'library' | 'data' | 'script';
}

/** Where a member of a wheel goes (binary distribution format, "The .data directory"). */
export function destinationOf(member: string, wheel: Wheel, folders: InstallFolders): Destination {
  const { dataFolder } = wheel;
  if (dataFolder === undefined || !member.startsWith(`${dataFolder}/`)) {
    if (member === dataFolder) throw strayData(member, wheel);
    return { path: `${folders.site}/${member}`, kind: 'library' };
  }
  const slash = member.indexOf('/', dataFolder.length + 1);
  if (slash < 0) throw strayData(member, wheel);
  const rest = member.slice(slash);
  switch (member.slice(dataFolder.length + 1, slash)) {
    case 'purelib':
    case 'platlib':
      return { path: folders.site + rest, kind: 'library' };
    case 'headers':
      return { path: folders.headers + rest, kind: 'data' };
    case 'data':
      return { path: folders.prefix + rest, kind: 'data' };
    case 'scripts':
      return { path: folders.scripts + rest, kind: 'script' };
    default:
      throw strayData(member, wheel);
  }
}

/** A wheel that brings the interpreter or the marker of the environment would decide over every other wheel. */
export function assertNotReserved(path: string, wheel: Wheel, folders: InstallFolders): void {
  if (path !== `${folders.prefix}/pyvenv.cfg` && !/^python(?:3(?:\.[0-9]+t?)?)?$/.test(baseIn(folders.scripts, path)))
    return;
  throw new TareError({
    code: 'WHEEL_PATH_RESERVED',
    message: `\`${wheel.filename}\` would overwrite \`/${path}\`, which belongs to the environment itself`,
    where: wheel.filename,
    hint: 'leave this package out',
  });
}

function baseIn(folder: string, path: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : '';
}

function strayData(member: string, wheel: Wheel): TareError {
  return new TareError({
    code: 'WHEEL_DATA_INVALID',
    message: `\`${member}\` of \`${wheel.filename}\` belongs to no installation scheme`,
    where: `${wheel.filename}: ${member}`,
    expected: '`purelib`, `platlib`, `headers`, `scripts` or `data` below the `.data` folder',
    hint: 'use another version of this package, or build the wheel again',
  });
}

/** A path that is a file for one member and a folder for another. */
export function pathClash(path: string, owners: string): TareError {
  return new TareError({
    code: 'WHEEL_PATH_CLASH',
    message: `\`/${path}\` would be a file and a folder at once: ${owners}`,
    where: path,
    hint: 'leave one of the packages out, or use another version of it',
  });
}
