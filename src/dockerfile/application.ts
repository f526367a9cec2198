import type { FileGroup, Plan } from '../plan/types.ts';
import { compileApplication } from './bytecode.ts';
import type { Frame } from './frame.ts';
import type { Instruction } from './instruction.ts';

/** The application's own files at their final path, compiled: for a stage of which only they are taken. */
export function applicationInstructions(frame: Frame): readonly Instruction[] {
  const { plan } = frame;
  const copies = copiesOf(plan, (group) => group.kind === 'application');
  const commands = compileApplication(frame);
  return [
    { kind: 'workdir', path: plan.workdir },
    ...copies.map(
      (copy, at): Instruction => ({
        ...copy,
        ...(at === 0
          ? { comment: { brief: 'The application: what the plan takes of the project, and no more.' } }
          : {}),
      }),
    ),
    ...(commands.length === 0
      ? []
      : [
          {
            kind: 'run',
            comment: {
              brief:
                plan.sources.mode === 'strip'
                  ? `Bytecode in place of the sources${keptText(plan)}.`
                  : 'Bytecode beside the sources, for the path that they have in the image.',
              more: 'Hash-based and unchecked: dates of files do not matter, and no start compares anything.',
            },
            mounts: [],
            commands,
          } satisfies Instruction,
        ]),
  ];
}

function keptText({ sources }: Plan): string {
  const names = sources.kept.map((one) => one.path);
  if (names.length === 0) return '';
  return `, but for ${names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')}`;
}

export function hasApplication({ plan }: Frame): boolean {
  return plan.files.groups.some((group) => group.kind === 'application');
}

/** Large files, straight from the build context into layers of their own. */
export function dataInstructions(frame: Frame): readonly Instruction[] {
  const { plan, owner, link } = frame;
  return copiesOf(plan, (group) => group.kind === 'data').map(
    (copy, at): Instruction => ({
      ...copy,
      destination: absolute(copy.destination, plan.workdir),
      owner,
      link,
      ...(at === 0
        ? { comment: { brief: 'Large files below the code, in layers that an edit of the code does not move.' } }
        : {}),
    }),
  );
}

function absolute(destination: string, workdir: string): string {
  return destination.startsWith('/') ? destination : `${workdir}/${destination.replace(/^\.\//, '')}`;
}

type Copy = Extract<Instruction, { kind: 'copy' }>;

/**
 * As few instructions as say exactly which files: a folder where all of it goes to one place for one reason, else what is in it.
 * Destinations are relative to the working folder of the image where they are in it.
 */
function copiesOf(plan: Plan, isWanted: (group: FileGroup) => boolean): readonly Copy[] {
  const groups = new Map(plan.files.groups.flatMap((group) => group.paths.map((path) => [path, group] as const)));
  const folders = foldersOf(groups);
  const copies: Copy[] = [];
  const files = new Map<string, string[]>();
  const visit = (folder: string, children: Iterable<string>): void => {
    for (const path of children) {
      const inner = folders.get(path);
      const group = groups.get(path);
      if (inner === undefined) {
        if (group === undefined || !isWanted(group)) continue;
        const place = placeOf(plan, group, folder);
        files.set(place, [...(files.get(place) ?? []), path]);
      } else if (inner.groups.size === 1) {
        const [only] = inner.groups;
        if (only !== undefined && isWanted(only))
          copies.push({ kind: 'copy', sources: [path], destination: placeOf(plan, only, path) });
      } else {
        visit(path, inner.children);
      }
    }
  };
  visit('', folders.get('')?.children ?? []);
  return [...[...files].map(([destination, sources]): Copy => ({ kind: 'copy', sources, destination })), ...copies];
}

interface Folder {
  readonly children: Set<string>;
  readonly groups: Set<FileGroup>;
}

function foldersOf(files: ReadonlyMap<string, FileGroup>): ReadonlyMap<string, Folder> {
  const folders = new Map<string, Folder>();
  for (const [path, group] of files) {
    let child = path;
    for (;;) {
      const slash = child.lastIndexOf('/');
      const parent = slash === -1 ? '' : child.slice(0, slash);
      const folder = folders.get(parent) ?? { children: new Set(), groups: new Set() };
      folder.children.add(child);
      folder.groups.add(group);
      folders.set(parent, folder);
      if (parent === '') break;
      child = parent;
    }
  }
  return folders;
}

/** The folder in the image of a folder of the project, ending in `/`. */
function placeOf({ workdir }: Plan, { destination, strip }: FileGroup, folder: string): string {
  const inner =
    strip !== '' && (folder === strip || folder.startsWith(`${strip}/`)) ? folder.slice(strip.length + 1) : folder;
  const place = destination === workdir ? '.' : destination;
  return inner === '' ? `${place}/` : `${place}/${inner}/`;
}
