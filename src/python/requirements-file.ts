import { posix } from 'node:path';
import type { Because } from '../base/because.ts';
import type { Digest } from '../base/digest.ts';
import { limits } from '../base/limits.ts';
import { type Marker, parseMarker } from './marker.ts';
import { parseRequirement, type Requirement } from './requirement.ts';
import { parseLocation, requirementOfLocation } from './requirement-location.ts';
import { hashesOf, invalid } from './requirements-hashes.ts';
import { type LogicalLine, parseLogicalLines, splitOptions, withVariables } from './requirements-lines.ts';
import { type LineOption, parseLineOptions } from './requirements-options.ts';

export { isPinnedAndHashed, type PinnedResult } from './requirements-pins.ts';

/** One requirement or constraint. */
export interface RequirementLine {
  /** Absent for a bare path or address whose name is known only once it is built. */
  readonly requirement?: Requirement;
  /** A path or an address that stands without a name, as written. Paths are relative to where reading began, as in pip. */
  readonly location?: string;
  readonly marker?: Marker;
  readonly editable: boolean;
  readonly hashes: readonly Digest[];
  /** Hashes of other algorithms, which cannot be checked here: `sha512`. */
  readonly otherHashes: readonly string[];
  readonly because: Because;
  /** As written, variables not put in. */
  readonly text: string;
}

/** Addresses may hold credentials where the file or its variables do: never print them. */
export interface RequirementsOptions {
  readonly indexUrl?: string;
  readonly extraIndexUrls: readonly string[];
  /** Addresses, or paths relative to where reading began. */
  readonly findLinks: readonly string[];
  readonly noIndex: boolean;
  readonly noBinary: readonly string[];
  readonly onlyBinary: readonly string[];
  readonly pre: boolean;
  readonly preferBinary: boolean;
  readonly requireHashes: boolean;
  readonly trustedHosts: readonly string[];
}

export interface RequirementsFile {
  readonly path: string;
  readonly requirements: readonly RequirementLine[];
  readonly constraints: readonly RequirementLine[];
  readonly options: RequirementsOptions;
  /** Every file that was read, in order of reading. */
  readonly files: readonly string[];
}

/** Included files, counted each time: more than any project has, few enough to end soon. */
const mostFiles = 500;

interface Reading {
  readonly read: (path: string) => Promise<string | undefined>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly requirements: RequirementLine[];
  readonly constraints: RequirementLine[];
  readonly files: string[];
  readonly options: {
    -readonly [Key in keyof RequirementsOptions]: RequirementsOptions[Key] extends readonly string[]
      ? string[]
      : RequirementsOptions[Key];
  };
}

/**
 * Reads a requirements file and all that it includes (pip, "Requirements File Format"). `read` gets paths relative to
 * where `path` is, `/` separated, and gives undefined where there is no file.
 */
export async function readRequirementsFile(
  read: (path: string) => Promise<string | undefined>,
  path: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<RequirementsFile> {
  const reading: Reading = {
    read,
    env,
    requirements: [],
    constraints: [],
    files: [],
    options: {
      extraIndexUrls: [],
      findLinks: [],
      noIndex: false,
      noBinary: [],
      onlyBinary: [],
      pre: false,
      preferBinary: false,
      requireHashes: false,
      trustedHosts: [],
    },
  };
  await readInto(reading, posix.normalize(path), 'requirement', [], undefined);
  const { requirements, constraints, files, options } = reading;
  return { path: posix.normalize(path), requirements, constraints, files: [...new Set(files)], options };
}

async function readInto(
  reading: Reading,
  path: string,
  kind: 'requirement' | 'constraint',
  stack: readonly string[],
  where: string | undefined,
): Promise<void> {
  const at = where === undefined ? {} : { where };
  if (stack.includes(path)) {
    const chain = [...stack.slice(stack.indexOf(path)), path].join(' → ');
    throw invalid('REQUIREMENTS_CYCLE', `\`${path}\` includes itself: ${chain}`, at, 'remove one of the includes');
  }
  if (reading.files.length >= mostFiles) {
    throw invalid('REQUIREMENTS_CYCLE', `more than ${mostFiles} files are included`, at, 'include each file once');
  }
  const text = await reading.read(path);
  if (text === undefined) {
    throw invalid(
      'REQUIREMENTS_MISSING',
      `\`${path}\` does not exist`,
      at,
      'correct the path, which is relative to the file that names it',
    );
  }
  if (text.length > limits.projectFile) {
    throw invalid(
      'REQUIREMENTS_INVALID',
      `\`${path}\` is larger than ${limits.projectFile} bytes`,
      at,
      'name a requirements file',
    );
  }
  reading.files.push(path);
  for (const line of parseLogicalLines(text)) await readLine(reading, path, line, kind, [...stack, path]);
}

async function readLine(
  reading: Reading,
  path: string,
  line: LogicalLine,
  kind: 'requirement' | 'constraint',
  stack: readonly string[],
): Promise<void> {
  const where = `${path}:${line.line}`;
  const text = withVariables(line.text, reading.env);
  const editable = /^(?:-e|--editable)(?:[ \t]+|=|(?=[./]))(.*)$/s.exec(text)?.[1];
  const { head, words } = splitOptions(editable ?? text, where);
  const options = parseLineOptions(words, where);
  if (head !== '') {
    const rule = kind === 'requirement' ? 'required by this line' : 'constrained by this line';
    const target = kind === 'requirement' ? reading.requirements : reading.constraints;
    const because = { file: path, line: line.line, rule };
    assertOwnOptions(options, where);
    target.push({
      ...requirementOf(head, where, editable !== undefined),
      ...hashesOf(options, where),
      because,
      text: line.text,
    });
    return;
  }
  if (editable !== undefined)
    throw invalid('REQUIREMENTS_INVALID', 'nothing stands behind `-e`', { where }, 'name a folder');
  for (const { name, value } of options) {
    if (name === 'requirement' || name === 'constraint') {
      await readInto(reading, includedPath(path, value, where), name, stack, where);
    } else {
      takeOption(reading.options, name, value, path);
    }
  }
}

const ownOptions: ReadonlySet<string> = new Set([
  'hash',
  'global-option',
  'install-option',
  'build-option',
  'config-settings',
  'config-setting',
  'config',
]);

/** An option of the whole file behind a requirement would be lost, or mean something else, from tool to tool. */
function assertOwnOptions(options: readonly LineOption[], where: string): void {
  const other = options.find(({ name }) => !ownOptions.has(name));
  if (other === undefined) return;
  throw invalid(
    'REQUIREMENTS_INVALID',
    `\`--${other.name}\` cannot stand behind a requirement`,
    { where },
    'put it on a line of its own',
  );
}

function includedPath(path: string, value: string, where: string): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(value)) {
    throw invalid(
      'REQUIREMENTS_REMOTE',
      'an included file is an address',
      { where },
      'put a copy of it into the project, and include that',
    );
  }
  return posix.isAbsolute(value) ? posix.normalize(value) : posix.join(posix.dirname(path), value);
}

function requirementOf(
  text: string,
  where: string,
  editable: boolean,
): Pick<RequirementLine, 'requirement' | 'location' | 'marker' | 'editable'> {
  const quoted = /^(["'])(.*)\1$/.exec(text)?.[2];
  const found = parseLocation(quoted ?? text);
  if (found === undefined) {
    const requirement = editable && !text.includes('@') ? undefined : parseRequirement(text, where);
    if (requirement === undefined) return { location: quoted ?? text, editable };
    const location = editable && requirement.url !== undefined ? { location: requirement.url } : {};
    return {
      requirement,
      ...location,
      editable,
      ...(requirement.marker === undefined ? {} : { marker: requirement.marker }),
    };
  }
  const marker = found.marker === undefined ? {} : { marker: parseMarker(found.marker, where) };
  const requirement = requirementOfLocation(found);
  return {
    location: found.location,
    editable,
    ...marker,
    ...(requirement === undefined ? {} : { requirement: { ...requirement, ...marker } }),
  };
}

function takeOption(options: Reading['options'], name: string, value: string, path: string): void {
  const names = (): string[] =>
    value
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
  switch (name) {
    case 'index-url':
    case 'pypi-url':
      options.indexUrl = value;
      break;
    case 'extra-index-url':
      options.extraIndexUrls.push(value);
      break;
    case 'find-links':
      options.findLinks.push(isRelative(value) ? posix.join(posix.dirname(path), value) : value);
      break;
    case 'no-index':
      options.noIndex = true;
      break;
    case 'no-binary':
      options.noBinary.push(...names());
      break;
    case 'only-binary':
      options.onlyBinary.push(...names());
      break;
    case 'pre':
      options.pre = true;
      break;
    case 'prefer-binary':
      options.preferBinary = true;
      break;
    case 'require-hashes':
      options.requireHashes = true;
      break;
    case 'trusted-host':
      options.trustedHosts.push(value);
      break;
  }
}

function isRelative(value: string): boolean {
  return !posix.isAbsolute(value) && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(value);
}
