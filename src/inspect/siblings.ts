import type { InspectedImage } from './inspected-image.ts';

/** Whether a library that the loader does not find is in the process before it is asked for. `of`: a path, or a distribution. */
export type SiblingCheck = (soname: string, of: string) => boolean;

/**
 * Python code opens libraries before it imports what needs them: those of its own distribution, of its `.libs` folder, of the `nvidia`
 * namespace (torch, onnxruntime), and those that importing another distribution loads (torchvision needs torch's). `loaded`: paths of
 * what the extensions of all distributions load.
 */
export function createSiblingCheck(image: InspectedImage, loaded: ReadonlySet<string>): SiblingCheck {
  const { distributions, roots, tree } = image;
  const byDistribution = new Map<string, Set<string>>();
  const shared = new Set<string>();
  const namesOf = (path: string): readonly string[] => {
    const soname = tree.find(path)?.elf?.soname;
    return [path.slice(path.lastIndexOf('/') + 1), ...(soname === undefined ? [] : [soname])];
  };
  for (const { path, distribution } of [...roots.required, ...roots.optional]) {
    const names = namesOf(path);
    if (/(?:^|\/)(?:site|dist)-packages\/nvidia\//.test(path)) for (const name of names) shared.add(name);
    if (distribution === undefined) continue;
    const known = byDistribution.get(distribution) ?? new Set();
    for (const name of names) known.add(name);
    byDistribution.set(distribution, known);
  }
  for (const path of loaded)
    if (distributions.ownerOf(path) !== undefined) for (const name of namesOf(path)) shared.add(name);
  const known = new Set(distributions.all.map((one) => one.name));
  return (soname, of) => {
    const distribution = known.has(of) ? of : distributions.ownerOf(of);
    if (distribution === undefined) return false;
    return byDistribution.get(distribution)?.has(soname) === true || shared.has(soname);
  };
}
