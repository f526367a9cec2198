import { sortedBy } from '../base/order.ts';
import { type RelationGroup, renderRelationGroup } from '../debian/relation.ts';
import {
  type IndexState,
  type InputSet,
  type Lock,
  type LockedBase,
  type LockedPackage,
  type LockedTarget,
  type LockedWheel,
  lockVersion,
} from './types.ts';

type Value = string | number | readonly string[] | undefined;
type Fields = readonly (readonly [key: string, value: Value])[];

/** The text of a lock: one line a field, in an order that never depends on anything, so that a change is a small difference. */
export function renderLock(lock: Lock): string {
  const { tare, uv } = lock.tools;
  const head = [
    '# Written by `tare lock`. Do not edit it.',
    renderFields([
      ['version', lockVersion],
      ['project', lock.project],
    ]),
  ].join('\n');
  const sections = [
    head,
    renderTable('[tools]', [
      ['tare', tare],
      ['uv', uv],
    ]),
    ...sortedBy(lock.targets, (one) => one.platform).flatMap(renderTarget),
  ];
  return `${sections.join('\n\n')}\n`;
}

function renderTarget(target: LockedTarget): readonly string[] {
  const { platform, python, inputs, system, wheels = [] } = target;
  return [
    renderTable('[[target]]', [['platform', platform]]),
    renderTable('[target.python]', [
      ['version', python.version],
      ['full-version', python.fullVersion],
      ['abi', python.abi],
    ]),
    ...(['base', 'wheels', 'system'] as const).map((part) =>
      renderTable(`[target.inputs.${part}]`, sortedInputs(inputs[part])),
    ),
    ...renderBase(target.base),
    ...(system.index === undefined ? [] : [renderTable('[target.system-index]', indexFields(system.index))]),
    ...system.packages.map((one) =>
      renderTable('[[target.system]]', [
        ...packageFields(one),
        ['unpacked-size', one.unpackedSize],
        ['chain', one.chain],
        ['reason', one.reason],
      ]),
    ),
    ...(target.debug === undefined ? [] : [renderTable('[target.debug]', packageFields(target.debug))]),
    ...wheels.flatMap(renderWheel),
  ];
}

function renderWheel({ name, version, filename, sha256, size, built }: LockedWheel): readonly string[] {
  const wheel = renderTable('[[target.wheel]]', [
    ['name', name],
    ['version', version],
    ['filename', filename],
    ['sha256', sha256],
    ['size', size],
  ]);
  if (built === undefined) return [wheel];
  return [
    wheel,
    renderTable('[target.wheel.built]', [
      ['from', built.from],
      ['source', built.source],
      ['sha256', built.sha256],
      ['commit', built.commit],
      ['platform', built.platform],
      ['requires', built.requires],
      ['packages', built.packages],
      ['key', built.key],
    ]),
  ];
}

function sortedInputs(inputs: InputSet): Fields {
  return sortedBy(Object.entries(inputs), ([key]) => key);
}

function renderBase(base: LockedBase): readonly string[] {
  if (base.provider === 'image') {
    const { provider, title, digest } = base;
    const fields: Fields = Object.entries({ provider, title, digest });
    return [renderTable('[target.base]', fields)];
  }
  return [
    renderTable('[target.base]', [
      ['provider', base.provider],
      ['suite', base.suite],
      ...(base.index === undefined ? [] : indexFields(base.index)),
    ]),
    ...(base.provider === 'debian' ? [] : [renderTable('[target.base.archive]', archiveFields(base.archive))]),
    ...base.packages.map((one) => renderTable('[[target.base.package]]', packageFields(one))),
  ];
}

function archiveFields({ filename, sha256, size }: { filename: string; sha256: string; size?: number }): Fields {
  return [
    ['filename', filename],
    ['sha256', sha256],
    ['size', size],
  ];
}

function indexFields({ digest, date }: IndexState): Fields {
  return [
    ['index', digest],
    ['index-date', date],
  ];
}

function packageFields(one: LockedPackage): Fields {
  return [
    ['name', one.name],
    ['version', one.version],
    ['filename', one.filename],
    ['sha256', one.sha256],
    ['size', one.size],
    ['installed-size', one.installedSize],
    ['architecture', one.architecture === 'all' ? 'all' : undefined],
    ['multi-arch', one.multiArch === 'no' ? undefined : one.multiArch],
    ['priority', one.priority === 'optional' ? undefined : one.priority],
    ['depends', renderRelations(one.depends)],
    ['conflicts', renderRelations(one.conflicts)],
    ['provides', renderRelations(one.provides)],
    ['index-date', one.indexDate],
  ];
}

function renderRelations(groups: readonly RelationGroup[]): string | undefined {
  return groups.length === 0 ? undefined : groups.map(renderRelationGroup).join(', ');
}

function renderTable(header: string, fields: Fields): string {
  const lines = renderFields(fields);
  return lines === '' ? header : `${header}\n${lines}`;
}

function renderFields(fields: Fields): string {
  return fields.flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${renderValue(value)}`])).join('\n');
}

function renderValue(value: string | number | readonly string[]): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return renderText(value);
  return `[${value.map(renderText).join(', ')}]`;
}

/** A basic string (TOML 1.0, "String"). */
function renderText(text: string): string {
  // What JSON leaves as it is and TOML forbids: DEL.
  return JSON.stringify(text).replaceAll('\u007f', '\\u007F');
}
