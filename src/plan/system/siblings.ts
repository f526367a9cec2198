import type { FileFacts } from '../../root/file-facts.ts';
import type { SystemRequest } from './types.ts';

/** Whether a library is in the process before it is asked for, because Python code of a distribution opened it. */
export type SiblingCheck = (soname: string, distribution: string | undefined) => boolean;

/**
 * Distributions open libraries before they import what needs them: torch those of `nvidia-*`, others their own. So a library counts as
 * there where the same distribution, or one that it requires, has it.
 */
export function createSiblingCheck(request: SystemRequest): SiblingCheck {
  const owners = new Map<string, Set<string>>();
  for (const file of request.layers.flat()) {
    const distribution = nameOf(file) === undefined ? undefined : request.distributionOf(file.path);
    if (distribution === undefined) continue;
    for (const name of new Set([nameOf(file), file.elf?.soname])) {
      if (name !== undefined) owners.set(name, (owners.get(name) ?? new Set()).add(distribution));
    }
  }
  return (soname, distribution) => {
    if (distribution === undefined) return false;
    const having = owners.get(soname);
    if (having === undefined) return false;
    if (having.has(distribution)) return true;
    const required = request.requiredBy(distribution);
    return [...having].some((one) => required.has(one));
  };
}

function nameOf(file: FileFacts): string | undefined {
  return file.elf === undefined ? undefined : file.path.slice(file.path.lastIndexOf('/') + 1);
}
