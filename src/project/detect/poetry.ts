import type { Fact } from '../../base/because.ts';
import { TareError } from '../../base/errors.ts';
import type { TomlDocument } from '../toml-document.ts';
import { because, isTable, tableAt, type TomlPath, type TomlTable } from './toml-reader.ts';

/** Requirements of a `[tool.poetry…dependencies]` table as PEP 508, `python` and what is optional left out. */
export function readPoetryDependencies(
  document: TomlDocument,
  path: TomlPath,
  wantsOptional: (name: string) => boolean,
): readonly Fact<string>[] {
  const table = tableAt(document, ...path) ?? {};
  return Object.entries(table).flatMap(([name, value]) => {
    if (name.toLowerCase() === 'python') return [];
    const variants = Array.isArray(value) ? value : [value];
    return variants.flatMap((variant: unknown) => {
      const text = convertDependency(document, name, variant, [...path, name], wantsOptional);
      return text === undefined
        ? []
        : [{ value: text, because: because(document, [...path, name], `\`[${path.join('.')}]\``) }];
    });
  });
}

function convertDependency(
  document: TomlDocument,
  name: string,
  value: unknown,
  path: TomlPath,
  wantsOptional: (name: string) => boolean,
): string | undefined {
  if (typeof value === 'string') return `${name}${convertPoetryVersion(value)}`;
  if (!isTable(value)) throw cannotConvert(document, name, path, 'neither a version nor a table');
  if (value.optional === true && !wantsOptional(name)) return undefined;
  const extras =
    Array.isArray(value.extras) && value.extras.length > 0 ? `[${value.extras.map(String).join(',')}]` : '';
  const markers = markerOf(value);
  const address = addressOf(value);
  if (address !== undefined) return `${name}${extras} @ ${address}${markers === '' ? '' : ` ; ${markers}`}`;
  if (typeof value.path === 'string') throw cannotConvert(document, name, path, 'a path on this machine');
  const version = typeof value.version === 'string' ? convertPoetryVersion(value.version) : '';
  return `${name}${extras}${version}${markers === '' ? '' : ` ; ${markers}`}`;
}

function cannotConvert(document: TomlDocument, name: string, path: TomlPath, why: string): TareError {
  const line = document.lineOf(...path);
  return new TareError({
    code: 'DEPENDENCY_NOT_CONVERTIBLE',
    message: `the dependency \`${name}\` is ${why}`,
    where: line === undefined ? document.file : `${document.file}:${line}`,
    expected: 'a version, or `git` or `url`',
    hint: `give \`${name}\` a version or an address`,
  });
}

function addressOf(value: TomlTable): string | undefined {
  if (typeof value.url === 'string') return value.url;
  if (typeof value.git !== 'string') return undefined;
  const reference = [value.rev, value.tag, value.branch].find((one) => typeof one === 'string');
  const base = /^[a-z+]+:\/\//.test(value.git) ? value.git : value.git.replace(/^([^@/]+@[^:/]+):/, 'ssh://$1/');
  const folder = typeof value.subdirectory === 'string' ? `#subdirectory=${value.subdirectory}` : '';
  return `git+${base}${reference === undefined ? '' : `@${String(reference)}`}${folder}`;
}

function markerOf(value: TomlTable): string {
  const markers: string[] = [];
  if (typeof value.python === 'string' && value.python !== '*') markers.push(pythonMarker(value.python));
  if (typeof value.platform === 'string') markers.push(`sys_platform == '${value.platform}'`);
  if (typeof value.markers === 'string')
    markers.push(/\bor\b/.test(value.markers) ? `(${value.markers})` : value.markers);
  return markers.filter((marker) => marker !== '').join(' and ');
}

function pythonMarker(constraint: string): string {
  const alternatives = constraint.split('||').map((one) =>
    convertPoetryVersion(one)
      .split(',')
      .filter((part) => part !== '')
      .map((part) => {
        const [, operator = '==', version = ''] = /^(===|[<>=!~]=|[<>])(.*)$/.exec(part) ?? [];
        return `python_version ${operator} '${version.split('.').slice(0, 2).join('.')}'`;
      })
      .join(' and '),
  );
  return alternatives.length > 1 ? `(${alternatives.join(' or ')})` : (alternatives[0] ?? '');
}

/**
 * A Poetry version constraint as a PEP 440 specifier set: `^1.2.3` is `>=1.2.3,<2.0.0`, `~1.2.3` is `>=1.2.3,<1.3.0`, `1.2.*` is `==1.2.*`, a bare
 * version is `==`. Of alternatives (`||`) the hull from the lowest to the highest cannot be said: the last one is taken.
 */
export function convertPoetryVersion(constraint: string): string {
  const chosen = constraint.split('||').at(-1)?.trim() ?? '';
  return chosen
    .split(/\s*,\s*|(?<=[\w*])\s+(?=[<>=!^~])/)
    .map((part) => convertPart(part.trim()))
    .filter((part) => part !== '')
    .join(',');
}

function convertPart(part: string): string {
  if (part === '' || part === '*') return '';
  const found = /^(\^|~=|~|===|==|!=|>=|<=|>|<|=)?\s*v?(.+)$/.exec(part);
  const operator = found?.[1] ?? '';
  const version = (found?.[2] ?? '').trim();
  if (operator === '^') return `>=${version},<${caretBound(version)}`;
  if (operator === '~') return `>=${version},<${tildeBound(version)}`;
  if (operator === '' || operator === '=') return `==${version}`;
  return `${operator}${version}`;
}

function numbersOf(version: string): number[] {
  const [numbers = ''] = /^\d+(?:\.\d+)*/.exec(version) ?? [];
  return numbers.split('.').map(Number);
}

/** The first number that is not zero may not change; of zeros alone, the last one written. */
function caretBound(version: string): string {
  const numbers = numbersOf(version);
  const first = numbers.findIndex((number) => number > 0);
  const position = first < 0 ? numbers.length - 1 : first;
  return numbers.map((number, index) => (index < position ? number : index === position ? number + 1 : 0)).join('.');
}

/** The minor number may not change; where only the major one is written, that may not. */
function tildeBound(version: string): string {
  const numbers = numbersOf(version);
  const position = numbers.length > 1 ? 1 : 0;
  return numbers
    .slice(0, position + 1)
    .map((number, index) => (index === position ? number + 1 : number))
    .join('.');
}
