import { TareError } from '../base/errors.ts';
import { type PackageName, parsePackageName } from './package-name.ts';
import { versionOrUndefined } from './version.ts';

/** What a wheel's file name says (binary distribution format, "File name convention"). */
export interface WheelName {
  readonly filename: string;
  readonly name: PackageName;
  /** As written. */
  readonly version: string;
  readonly build?: { readonly number: bigint; readonly suffix: string };
  /** Every combination of the compressed tag sets: `cp313-abi3-manylinux_2_17_x86_64`. */
  readonly tags: readonly string[];
}

/** More combinations than any real wheel has. */
const mostTags = 1000;

/** Parses a wheel's file name. Throws `WHEEL_NAME_INVALID`. */
export function parseWheelName(filename: string, where?: string): WheelName {
  const wheel = wheelNameOrProblem(filename);
  if (typeof wheel !== 'string') return wheel;
  throw new TareError({
    code: 'WHEEL_NAME_INVALID',
    message: `\`${filename.slice(0, 200)}\` is not a wheel's file name: ${wheel}`,
    expected: '`NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl`',
    hint: 'rename the file as the tool that built it named it, or build it again',
    ...(where === undefined ? {} : { where }),
  });
}

/** The name's parts, or what is wrong with it. */
export function wheelNameOrProblem(filename: string): WheelName | string {
  if (!filename.endsWith('.whl')) return 'it does not end in `.whl`';
  if (filename.length > 1000) return 'it is too long';
  const parts = filename.slice(0, -4).split('-');
  if (parts.length !== 5 && parts.length !== 6) return `it has ${parts.length} parts, not 5 or 6`;
  const [name = '', version = ''] = parts;
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9._]*[A-Za-z0-9])?$/.test(name) || name.includes('__')) return 'its name is invalid';
  if (versionOrUndefined(version) === undefined) return 'its version is invalid';
  const build = parts.length === 6 ? /^([0-9]+)(.*)$/.exec(parts[2] ?? '') : undefined;
  if (build === null) return 'its build tag does not begin with a digit';
  const tags = expandTags(parts.slice(-3));
  if (typeof tags === 'string') return tags;
  return {
    filename,
    name: parsePackageName(name),
    version,
    ...(build === undefined ? {} : { build: { number: BigInt(build[1] ?? 0), suffix: build[2] ?? '' } }),
    tags,
  };
}

/** Expands `py2.py3-none-any` ("Compressed tag sets"). */
function expandTags(parts: readonly string[]): readonly string[] | string {
  const [pythons = [], abis = [], platforms = []] = parts.map((part) => part.toLowerCase().split('.'));
  const members = [...pythons, ...abis, ...platforms];
  if (members.some((member) => !/^[a-z0-9_]+$/.test(member))) return 'a tag is empty or has a strange character';
  if (pythons.some((python) => /^[0-9]/.test(python))) return 'a Python tag begins with a digit';
  if (pythons.length * abis.length * platforms.length > mostTags) return 'it has too many tags';
  const tags = pythons.flatMap((python) =>
    abis.flatMap((abi) => platforms.map((platform) => `${python}-${abi}-${platform}`)),
  );
  return [...new Set(tags)];
}
