import { posix } from 'node:path';
import { TareError } from '../base/errors.ts';
import { parseReference } from '../oci/reference.ts';

/** Folders that a base fills or links, and those that an engine mounts over. */
const taken = [
  ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/libx32', '/opt/venv', '/proc', '/run', '/sbin'],
  ...['/sys', '/tmp', '/usr/bin', '/usr/lib', '/usr/lib64', '/usr/sbin', '/var/lib/dpkg', '/var/run'],
];
/** Whole folders of the system, below which one may well be. */
const tops = ['/', '/home', '/mnt', '/opt', '/root', '/srv', '/usr', '/usr/local', '/var'];

/** The working folder, absolute and without `.`, `..` or a `/` at its end. Throws `CONFIG_INVALID`. */
export function parseWorkdir(text: string, where: string): string {
  const path = posix.normalize(text).replace(/(?<=.)\/+$/, '');
  const expected = 'an absolute path in the image, for example `/app`';
  if (!text.startsWith('/') || /[\0\r\n]/.test(text)) throw invalid('workdir', where, text, expected);
  const folder = taken.find((one) => path === one || path.startsWith(`${one}/`));
  if (folder === undefined && !tops.includes(path)) return path;
  throw invalid('workdir', where, text, `${expected}; \`${folder ?? path}\` is taken by the system`);
}

/** The name of the image. What is not built yet has no digest to be named by. Throws `CONFIG_INVALID`, `REFERENCE_INVALID`. */
export function assertTag(text: string, where: string): void {
  if (parseReference(text.replace(/^docker:\/\//, ''), where).digest === undefined) return;
  throw invalid('tag', where, text, 'a name and a tag without a digest, for example `shop:1.0`');
}

/** Variables of the image by name (OCI image specification, config, `Env`). Throws `CONFIG_INVALID`. */
export function assertEnvironment(
  env: Readonly<Record<string, string>>,
  where: string,
): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || /[=\0\s]/.test(name)) {
      throw invalid('env', where, name, 'names without `=` and spaces');
    }
    if (value.includes('\0')) throw invalid('env', where, `${name}=…`, 'values without zero bytes');
  }
  return env;
}

/** Labels that tare reads itself: a wrong one would say of an image what is not so. */
const ownLabel = /^tare\./;

/** Labels of the image (OCI image specification, annotations.md, "Rules"). Throws `CONFIG_INVALID`. */
export function assertLabels(
  labels: Readonly<Record<string, string>>,
  where: string,
): Readonly<Record<string, string>> {
  for (const name of Object.keys(labels)) {
    if (name.trim() === '') throw invalid('labels', where, name, 'names that are not empty');
    if (ownLabel.test(name)) throw invalid('labels', where, name, 'names that do not begin with `tare.`');
  }
  return labels;
}

function invalid(key: string, where: string, actual: string, expected: string): TareError {
  return new TareError({
    code: 'CONFIG_INVALID',
    message: `setting \`${key}\` cannot be used`,
    where,
    expected,
    actual: actual.slice(0, 200),
    hint: 'see docs/configuration.md for what each setting takes',
  });
}
