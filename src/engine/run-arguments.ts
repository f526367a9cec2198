import { isAbsolute, posix, resolve } from 'node:path';
import { TareError } from '../base/errors.ts';
import type { PortMapping, VolumeMount } from './run-request.ts';

const portHint = '-p 8000:80 (host, container), or -p 8000 for the same port on both';

/** Reads `HOST:CONTAINER` or one port for both, with `127.0.0.1:` before and `/tcp` behind allowed. */
export function parsePort(text: string): PortMapping {
  const match = /^(?:(?<address>[^:]*|\[[^\]]*\]):)??(?:(?<host>\d+):)?(?<container>\d+)(?:\/(?<protocol>\w+))?$/.exec(
    text,
  );
  const groups = match?.groups;
  if (groups === undefined) throw portInvalid(text, 'it is not a port or two');
  if (groups['protocol'] !== undefined && groups['protocol'] !== 'tcp')
    throw portInvalid(text, 'only TCP is forwarded');
  const address = groups['address'];
  if (address !== undefined && address !== '127.0.0.1' && address !== 'localhost') {
    throw portInvalid(text, 'ports are opened on 127.0.0.1 only');
  }
  const container = Number(groups['container']);
  const host = Number(groups['host'] ?? container);
  for (const port of [host, container]) {
    if (port < 1 || port > 65535) throw portInvalid(text, `there is no port ${port}`);
  }
  return { host, container };
}

function portInvalid(text: string, actual: string): TareError {
  return new TareError({
    code: 'PORT_INVALID',
    message: `\`${text.slice(0, 100)}\` does not name ports`,
    expected: '`HOST:CONTAINER`, each from 1 to 65535',
    actual,
    hint: portHint,
  });
}

/** Reads `SOURCE:TARGET` or `SOURCE:TARGET:ro`; a relative source is meant from `folder`, an absolute path. */
export function parseVolume(text: string, folder: string): VolumeMount {
  const match = /^(?<source>(?:[A-Za-z]:[\\/])?[^:]+):(?<target>\/[^:]*)(?::(?<option>[^:]*))?$/.exec(text);
  const groups = match?.groups;
  const [source, target, option] = [groups?.['source'], groups?.['target'], groups?.['option']];
  if (source === undefined || target === undefined || text.includes('\0')) {
    throw volumeInvalid(text, 'it is not a path here and an absolute path in the container');
  }
  if (option !== undefined && option !== 'ro' && option !== 'rw')
    throw volumeInvalid(text, `unknown option \`${option}\``);
  const normalised = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (normalised === '/') throw volumeInvalid(text, 'the whole root cannot be replaced');
  if (!isAbsolute(source) && !/^\.{1,2}([\\/]|$)/.test(source) && !/[\\/]/.test(source)) {
    throw volumeInvalid(text, `\`${source}\` would be the name of a volume, and there are only folders and files`);
  }
  return { source: resolve(folder, source), target: normalised, readOnly: option === 'ro' };
}

function volumeInvalid(text: string, actual: string): TareError {
  return new TareError({
    code: 'VOLUME_INVALID',
    message: `\`${text.slice(0, 200)}\` does not name a folder or file to mount`,
    expected: '`SOURCE:TARGET` or `SOURCE:TARGET:ro`',
    actual,
    hint: '-v ./data:/data',
  });
}
