import { TareError } from '../base/errors.ts';

/** One option of a line, by its long name without the dashes. */
export interface LineOption {
  readonly name: string;
  /** Empty for options that take none. */
  readonly value: string;
}

const shortNames: Readonly<Record<string, string>> = {
  '-r': 'requirement',
  '-c': 'constraint',
  '-i': 'index-url',
  '-f': 'find-links',
  '-C': 'config-settings',
};

const withValue: ReadonlySet<string> = new Set([
  'requirement',
  'constraint',
  'index-url',
  'pypi-url',
  'extra-index-url',
  'find-links',
  'no-binary',
  'only-binary',
  'trusted-host',
  'use-feature',
  'hash',
  'global-option',
  'install-option',
  'build-option',
  'config-settings',
  'config-setting',
  'config',
  'all-releases',
  'only-final',
]);

const withoutValue: ReadonlySet<string> = new Set([
  'no-index',
  'pre',
  'require-hashes',
  'prefer-binary',
  'process-dependency-links',
  'use-pep517',
  'no-use-pep517',
  'always-unzip',
]);

/** Reads the options of one line (pip, "Supported options"). Throws `REQUIREMENTS_OPTION_UNKNOWN`. */
export function parseLineOptions(words: readonly string[], where: string): readonly LineOption[] {
  const options: LineOption[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const { name, value } = splitWord(word);
    if (withoutValue.has(name) && value === undefined) {
      options.push({ name, value: '' });
      continue;
    }
    const given = value ?? (withValue.has(name) ? words[++index] : undefined);
    if (!withValue.has(name) || given === undefined || given === '') throw unknownOption(word, name, where);
    options.push({ name, value: given });
  }
  return options;
}

function splitWord(word: string): { readonly name: string; readonly value: string | undefined } {
  if (word.startsWith('--')) {
    const at = word.indexOf('=');
    return at < 0 ? { name: word.slice(2), value: undefined } : { name: word.slice(2, at), value: word.slice(at + 1) };
  }
  const name = shortNames[word.slice(0, 2)] ?? '';
  return { name, value: word.length > 2 ? word.slice(2).replace(/^=/, '') : undefined };
}

function unknownOption(word: string, name: string, where: string): TareError {
  const known = withValue.has(name);
  const shown = word.split('=', 1)[0] ?? word;
  return new TareError({
    code: 'REQUIREMENTS_OPTION_UNKNOWN',
    message: known ? `\`${shown}\` has no value` : `\`${shown}\` is not an option of a requirements file`,
    where,
    hint: known ? 'write the value behind it' : 'remove it, or give it on the command line of the tool that knows it',
  });
}
