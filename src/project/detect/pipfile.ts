import type { Fact } from '../../base/because.ts';
import type { TomlDocument } from '../toml-document.ts';
import { because, factAt, isTable, tableAt } from './toml-reader.ts';

export interface PipfileFacts {
  readonly dependencies: readonly Fact<string>[];
  readonly python?: Fact<string>;
}

/** Reads the `[packages]` of a `Pipfile`. Paths of this machine and editable installs of the project itself are passed over. */
export function readPipfile(document: TomlDocument): PipfileFacts {
  const dependencies = Object.entries(tableAt(document, 'packages') ?? {}).flatMap(([name, value]) => {
    const text = convertPackage(name, value);
    return text === undefined
      ? []
      : [{ value: text, because: because(document, ['packages', name], '`[packages]` of the Pipfile') }];
  });
  const python = factAt(document, 'requires', 'python_full_version') ?? factAt(document, 'requires', 'python_version');
  return { dependencies, ...(python === undefined ? {} : { python }) };
}

function convertPackage(name: string, value: unknown): string | undefined {
  if (typeof value === 'string') return `${name}${specifierOf(value)}`;
  if (!isTable(value) || typeof value.path === 'string') return undefined;
  const extras =
    Array.isArray(value.extras) && value.extras.length > 0 ? `[${value.extras.map(String).join(',')}]` : '';
  const markers = typeof value.markers === 'string' ? ` ; ${value.markers}` : '';
  if (typeof value.git === 'string')
    return `${name}${extras} @ git+${value.git}${typeof value.ref === 'string' ? `@${value.ref}` : ''}${markers}`;
  if (typeof value.file === 'string') return `${name}${extras} @ ${value.file}${markers}`;
  return `${name}${extras}${typeof value.version === 'string' ? specifierOf(value.version) : ''}${markers}`;
}

function specifierOf(version: string): string {
  const text = version.trim();
  if (text === '*' || text === '') return '';
  return /^[\d]/.test(text) ? `==${text}` : text;
}
