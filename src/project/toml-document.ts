import { parse, TomlError } from 'smol-toml';
import { TareError } from '../base/errors.ts';
import { scanTomlLines } from './toml-lines.ts';

/** A parsed TOML file that knows on which line each key stands. */
export interface TomlDocument {
  readonly file: string;
  readonly root: Readonly<Record<string, unknown>>;
  /** One-based line of a key or array element; undefined where it is not there. */
  readonly lineOf: (...path: readonly (string | number)[]) => number | undefined;
}

/** Parses TOML 1.0 text. Throws `TOML_INVALID` with line and column. */
export function parseTomlDocument(text: string, file: string): TomlDocument {
  const root = parseRoot(text, file);
  let lines: ReadonlyMap<string, number> | undefined;
  return {
    file,
    root,
    lineOf: (...path) => {
      lines ??= scanTomlLines(text);
      return lines.get(JSON.stringify(path));
    },
  };
}

function parseRoot(text: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text, { unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new TareError({
        code: 'TOML_INVALID',
        message: `\`${file}\` is nested too deeply`,
        where: file,
        cause: error,
      });
    }
    if (!(error instanceof TomlError)) throw error;
    throw new TareError({
      code: 'TOML_INVALID',
      message: `\`${file}\` is not valid TOML: ${firstLine(error.message)}`,
      where: `${file}:${error.line}:${error.column}`,
      hint: `correct line ${error.line}, column ${error.column} of ${file}`,
      cause: error,
    });
  }
}

function firstLine(message: string): string {
  const [line = ''] = message.split('\n', 1);
  return line.replace(/^Invalid TOML document: /, '').replace(/\.$/, '');
}
