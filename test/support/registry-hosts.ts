import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Hosts of the package registries that npm, pip and apt use here, by configuration and by their own default. They are
 * asked for, because they may stand nowhere in the project.
 */
export function registryHosts(): readonly string[] {
  const hosts = new Set<string>();
  for (const text of [npmRegistries(), pipIndexes(), aptSources(), process.env['PIP_INDEX_URL'] ?? '']) {
    for (const [, host] of text.matchAll(/\bhttps?:\/\/(?:[^\s/@]*@)?([A-Za-z0-9.-]+)/g)) {
      if (host !== undefined && host.includes('.') && !/^(127\.|localhost)/.test(host)) hosts.add(host.toLowerCase());
    }
  }
  return [...hosts].sort();
}

function npmRegistries(): string {
  const get = ['config', 'get', 'registry'];
  const plain = { PATH: process.env['PATH'], HOME: tmpdir() };
  return [
    output('npm', get),
    output('npm', [...get, '--userconfig', '/dev/null', '--globalconfig', '/dev/null'], plain),
  ].join(' ');
}

function pipIndexes(): string {
  const program = [
    'from pip._internal.models.index import PyPI',
    'print(PyPI.url, "https://" + PyPI.file_storage_domain)',
  ].join('\n');
  return [output('python3', ['-c', program]), output('python3', ['-m', 'pip', 'config', 'list'])].join(' ');
}

function aptSources(): string {
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...listed(folder).map((name) => join(folder, name))];
  return files
    .map(readIfThere)
    .flatMap((text) => text.split('\n'))
    .filter((line) => /^\s*(deb|deb-src|URIs:)\s/.test(line))
    .join('\n');
}

function output(file: string, args: readonly string[], env?: Readonly<Record<string, string | undefined>>): string {
  try {
    return execFileSync(file, args, {
      encoding: 'utf8',
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'ignore'],
      ...(env === undefined ? {} : { env: { ...env } }),
    });
  } catch {
    return '';
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
