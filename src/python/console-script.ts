import { TareError } from '../base/errors.ts';
import type { EntryPoint } from './entry-points.ts';

/** A command that an entry point asks for: `bin/NAME` calls `MODULE:ATTRIBUTE`. */
export interface ConsoleScript {
  readonly name: string;
  readonly module: string;
  readonly attribute: string;
}

/**
 * The commands of a distribution's `console_scripts` and `gui_scripts` (entry points specification, "Use for scripts"), as pip
 * makes them on Linux: versioned names of pip and easy_install are made for this Python whatever the wheel says.
 */
export function findConsoleScripts(
  entryPoints: readonly EntryPoint[],
  pythonVersion: string,
  where: string,
): readonly ConsoleScript[] {
  const console = scriptsOf(entryPoints, 'console_scripts', where);
  const major = pythonVersion.split('.', 1)[0] ?? '';
  const pip = console.get('pip');
  if (pip !== undefined) {
    for (const name of console.keys()) if (/^pip(?:\d+(?:\.\d+)?)?$/.test(name)) console.delete(name);
    for (const name of ['pip', `pip${major}`, `pip${pythonVersion}`]) console.set(name, { ...pip, name });
  }
  const easyInstall = console.get('easy_install');
  if (easyInstall !== undefined) {
    for (const name of console.keys()) if (/^easy_install(?:-\d+\.\d+)?$/.test(name)) console.delete(name);
    for (const name of ['easy_install', `easy_install-${pythonVersion}`]) console.set(name, { ...easyInstall, name });
  }
  // pip writes the graphical ones last, so they win.
  return [...new Map([...console, ...scriptsOf(entryPoints, 'gui_scripts', where)]).values()];
}

function scriptsOf(entryPoints: readonly EntryPoint[], group: string, where: string): Map<string, ConsoleScript> {
  const scripts = new Map<string, ConsoleScript>();
  for (const entryPoint of entryPoints) {
    if (entryPoint.group === group) scripts.set(entryPoint.name, toScript(entryPoint, where));
  }
  return scripts;
}

function toScript({ name, value, reference, group }: EntryPoint, where: string): ConsoleScript {
  const fail = (what: string, expected: string): TareError =>
    new TareError({
      code: 'SCRIPT_ENTRY_POINT_INVALID',
      message: `the command \`${name.slice(0, 100)}\` of group \`${group}\` cannot be made: ${what}`,
      where,
      expected,
      actual: `${name} = ${value}`.slice(0, 200),
      hint: 'use another version of this package, or tell its maintainers',
    });
  if (name === '.' || name === '..' || !/^[^/\\\s\p{Cc}]{1,200}$/u.test(name)) {
    throw fail('its name is no file name', 'letters, digits, `_`, `.` and `-`');
  }
  if (reference?.attribute === undefined) throw fail('it names nothing to call', '`module:function`');
  return { name, module: reference.module, attribute: reference.attribute };
}

/** The Linux kernel reads no more than this of a first line, with `#!` and the line feed. */
const longestFirstLine = 127;

/** The program of a command. It behaves as pip's does, which also cleans the names that Windows launchers give. */
export function renderConsoleScript({ module, attribute }: ConsoleScript, interpreter: string): string {
  const imported = attribute.split('.', 1)[0] ?? attribute;
  return [
    ...interpreterLines(interpreter),
    'import sys',
    `from ${module} import ${imported}`,
    '',
    "if __name__ == '__main__':",
    "    if sys.argv[0].endswith('.exe'):",
    '        sys.argv[0] = sys.argv[0][:-4]',
    "    elif sys.argv[0].endswith('-script.pyw'):",
    '        sys.argv[0] = sys.argv[0][:-11]',
    `    sys.exit(${attribute}())`,
    '',
  ].join('\n');
}

/** A first line with a blank or of too many bytes does not work: the shell starts the interpreter then, and Python sees a text. */
function interpreterLines(interpreter: string): readonly string[] {
  if (!/^\/[^"'\\$`\p{Cc}]*$/u.test(interpreter)) throw new Error(`unusable path of an interpreter: ${interpreter}`);
  if (!interpreter.includes(' ') && Buffer.byteLength(interpreter) + 3 <= longestFirstLine) return [`#!${interpreter}`];
  return ['#!/bin/sh', `'''exec' "${interpreter}" "$0" "$@"`, "' '''"];
}

/** A script of `.data/scripts` that begins with `#!python`, with the interpreter in place of its whole first line, as with pip. */
export function rewriteFirstLine(script: Uint8Array, interpreter: string): Uint8Array {
  const lineFeed = script.indexOf(0x0a);
  const rest = lineFeed < 0 ? new Uint8Array() : script.subarray(lineFeed + 1);
  return Buffer.concat([Buffer.from(`#!${interpreter}\n`), rest]);
}
