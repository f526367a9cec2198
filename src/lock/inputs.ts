import { type Digest, sha256 } from '../base/digest.ts';
import { canonicalJson, sortedBy } from '../base/order.ts';
import type { FileFacts } from '../root/file-facts.ts';
import type { InputSet, LockPart } from './types.ts';

/** What a base is chosen by. Mirrors are no part of it: the same packages come from any of them. */
export interface BaseQuestion {
  /** As the project says it: `3.13`, `>=3.12`; absent where it says nothing. */
  readonly python?: string;
  /** The setting `base`, without a path; absent where nothing is set. */
  readonly base?: string;
  /** The archive of Python that is asked for: its file name and hash, as far as they are configured. */
  readonly archive?: readonly string[];
  /** Archives beside Debian's own, known by their keys. */
  readonly sources: readonly { readonly suite: string; readonly components: readonly string[]; readonly key: string }[];
}

export function baseInputs({ python, base, archive, sources }: BaseQuestion): InputSet {
  return {
    ...(base === undefined ? {} : { base }),
    ...(archive === undefined ? {} : { archive }),
    ...(python === undefined || python === '' ? {} : { python }),
    ...(sources.length === 0
      ? {}
      : { sources: sources.map((one) => [one.suite, ...one.components, sha256(one.key)].join(' ')) }),
  };
}

/** What wheels are chosen by; `dependencies` is absent where a lock of the project's own says them. */
export interface WheelQuestion {
  /** Where the dependencies stand: `requirements.txt`. */
  readonly file?: string;
  readonly dependencies?: string;
  /** What the project tells uv of how to resolve them. */
  readonly uv?: string;
  readonly extras: readonly string[];
  readonly groups: readonly string[];
}

export function wheelInputs({ file, dependencies, uv, extras, groups }: WheelQuestion): InputSet {
  return {
    ...(file === undefined ? {} : { file }),
    ...(dependencies === undefined ? {} : { dependencies: sha256(dependencies), extras, groups }),
    ...(uv === undefined ? {} : { uv: sha256(uv) }),
  };
}

/** What Debian packages are chosen by, beside the base. */
export interface SystemQuestion {
  readonly policy: 'needed' | 'depends';
  readonly packages: readonly string[];
  readonly excluded: readonly string[];
  readonly calls: readonly { readonly kind: string; readonly name: string }[];
  /** ELF files of the application. */
  readonly natives: readonly FileFacts[];
}

/** `wheels` are the hashes of all of them: their files say what is missing. */
export function systemInputs(question: SystemQuestion, wheels: readonly Digest[]): InputSet {
  const { policy, packages, excluded, calls, natives } = question;
  // Neither lines nor sizes: an edit of the code beside a call, or a library built anew, needs nothing else.
  const files = natives.map(({ path, elf, elfProblem }) => ({ path, elf, elfProblem }));
  return {
    policy,
    packages: sortedBy(packages, (name) => name),
    excluded: sortedBy(excluded, (name) => name),
    calls: sortedBy(new Set(calls.map(({ kind, name }) => `${kind} ${name}`)), (text) => text),
    ...(files.length === 0 ? {} : { natives: sha256(canonicalJson(files)) }),
    wheels: sha256(canonicalJson(sortedBy(wheels, (digest) => digest))),
  };
}

const names: Readonly<Record<string, string>> = {
  'base.python': 'Python',
  'base.base': '`base`',
  'base.archive': '`archive` of `[tool.tare.standalone]`',
  'base.sources': '`[[tool.tare.debian.sources]]`',
  'wheels.extras': '`extras`',
  'wheels.groups': '`groups`',
  'wheels.uv': 'what the project tells uv of how to resolve',
  'system.policy': '`system-policy`',
  'system.packages': '`system-packages`',
  'system.excluded': '`exclude-system-packages`',
  'system.calls': 'what the sources load and run by name',
  'system.natives': 'the native files of the application',
  'system.wheels': 'the wheels',
};

/** What differs between the inputs of a lock and those of now, each for a person; nothing where the lock still holds. */
export function describeChanges(part: LockPart, locked: InputSet, now: InputSet): readonly string[] {
  const keys = sortedBy(new Set([...Object.keys(locked), ...Object.keys(now)]), (key) => key);
  const changed = keys.filter((key) => canonicalJson(locked[key] ?? null) !== canonicalJson(now[key] ?? null));
  if (part === 'wheels') return describeWheels(changed, locked, now);
  return changed.map((key) => describeChange(`${part}.${key}`, locked[key], now[key]));
}

/** One file in place of another explains everything else. */
function describeWheels(changed: readonly string[], locked: InputSet, now: InputSet): readonly string[] {
  if (
    changed.includes('file') ||
    (changed.includes('dependencies') && !('dependencies' in now && 'dependencies' in locked))
  )
    return [`the dependencies stand in ${textOf(now['file'])} now, and stood in ${textOf(locked['file'])}`];
  return changed.map((key) =>
    key === 'dependencies' ? `${textOf(now['file'])} changed` : describeChange(`wheels.${key}`, locked[key], now[key]),
  );
}

function describeChange(key: string, before: InputSet[string] | undefined, now: InputSet[string] | undefined): string {
  const name = names[key] ?? `\`${key}\``;
  const texts = [textOf(before), textOf(now)];
  return texts.some((text) => text.includes('sha256:')) ? `${name} changed` : `${name}: ${texts[0]} is now ${texts[1]}`;
}

function textOf(value: InputSet[string] | undefined): string {
  if (value === undefined || value.length === 0) return 'nothing';
  return typeof value === 'string' ? `\`${value}\`` : value.map((one) => `\`${one}\``).join(', ');
}
