import * as v from 'valibot';
import { fileSchema } from '../../config/file-schema.ts';
import { kebabCase } from '../../config/key-case.ts';
import type { InlineConfig } from '../../config/schema.ts';
import type { AskedSettings } from '../../dockerfile/types.ts';

const settings: Readonly<Record<string, v.GenericSchema>> = fileSchema.entries;

type Value = InlineConfig[keyof InlineConfig];

/** How a setting stands after its flag, and how it is read from there. */
interface Form {
  readonly write: (value: NonNullable<Value>) => readonly string[];
  readonly read: (texts: readonly string[]) => unknown;
}

const word: Form = { write: (value) => (typeof value === 'string' ? [value] : []), read: ([text]) => text };
const number: Form = {
  write: (value) => (typeof value === 'number' ? [`${value}`] : []),
  read: ([text]) => Number(text),
};
const words: Form = { write: (value) => value as readonly string[], read: (texts) => texts };
const pairs: Form = {
  write: (value) => Object.entries(value).map(([name, text]) => `${name}=${text}`),
  read: (texts) => Object.fromEntries(texts.map((text) => [text.split('=', 1)[0], text.slice(text.indexOf('=') + 1)])),
};

/** Settings of the image that a Dockerfile shows; files and outputs of one machine are none. */
const kept: readonly (readonly [keyof InlineConfig, string, Form])[] = [
  ['base', '--base', word],
  ['python', '--python', word],
  ['entrypoint', '--entrypoint', word],
  ['port', '--port', number],
  ['extras', '--extra', words],
  ['groups', '--group', words],
  ['systemPackages', '--system-package', words],
  ['excludeSystemPackages', '--exclude-system-package', words],
  ['systemPolicy', '--system-policy', word],
  ['bytecode', '--bytecode', word],
  ['sources', '--sources', word],
  ['keepSources', '--keep-source', words],
  ['stripSources', '--strip-source', words],
  ['user', '--user', word],
  ['workdir', '--workdir', word],
  ['env', '--env', pairs],
  ['labels', '--label', pairs],
];

/** What the command line says of the settings that a file's first line keeps. */
export function askedOf(inline: InlineConfig): AskedSettings {
  return Object.fromEntries(
    kept.flatMap(([key, flag, { write }]) => {
      const value = inline[key];
      return value === undefined ? [] : [[flag, write(value)]];
    }),
  );
}

/** The same settings as they were given. A first line that was changed by hand is read as far as it goes. */
export function settingsOf(asked: AskedSettings = {}): InlineConfig {
  return Object.fromEntries(
    kept.flatMap(([key, flag, { read }]) => {
      const value = asked[flag] === undefined ? undefined : read(asked[flag]);
      return value !== undefined && v.is(settings[kebabCase(key)] ?? v.never(), value) ? [[key, value]] : [];
    }),
  );
}
