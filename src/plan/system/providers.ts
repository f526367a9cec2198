import type { Because } from '../../base/because.ts';
import type { DebPackage } from '../../debian/package.ts';
import type { Need } from './open-needs.ts';
import type { SystemCatalogue, SystemRequest } from './types.ts';

/** The package that fulfils a need; `excluded` where the only ones that would are not wanted. */
export type Provision =
  | { readonly kind: 'package'; readonly deb: DebPackage; readonly because: Because; readonly isNamed: boolean }
  | { readonly kind: 'excluded' | 'unknown' };

export async function findProvision(
  need: Need,
  request: SystemRequest,
  catalogue: SystemCatalogue,
  chosen: ReadonlySet<string>,
): Promise<Provision> {
  let kind: 'unknown' | 'excluded' = 'unknown';
  for (const name of need.asked?.names ?? [need.name]) {
    const provision = await provisionOf({ ...need, name }, request, catalogue, chosen);
    if (provision.kind === 'package') return provision;
    if (provision.kind === 'excluded') kind = 'excluded';
  }
  return { kind };
}

async function provisionOf(
  need: Need,
  request: SystemRequest,
  catalogue: SystemCatalogue,
  chosen: ReadonlySet<string>,
): Promise<Provision> {
  switch (need.kind) {
    case 'version':
      return { kind: 'unknown' };
    case 'package':
      return named(need, request, catalogue);
    case 'library':
      return fromNames(need, await catalogue.librariesNamed(need.name), request, catalogue, chosen);
    case 'program':
      return fromNames(need, await catalogue.programsNamed(need.name), request, catalogue, chosen);
  }
}

/** A name may be an older one that the package of today provides. */
function named(need: Need, request: SystemRequest, catalogue: SystemCatalogue): Provision {
  const { index } = catalogue;
  const found = index.find(need.name) ?? index.providers(need.name)[0]?.package;
  if (found === undefined) return { kind: 'unknown' };
  if (request.excluded.has(found.name) || request.excluded.has(need.name)) return { kind: 'excluded' };
  const because = need.asked?.because ?? { rule: 'asked for' };
  return { kind: 'package', deb: found, because, isNamed: true };
}

/** An index says where to look; what it names is looked into before it is believed. */
async function fromNames(
  need: Need,
  candidates: readonly string[],
  request: SystemRequest,
  catalogue: SystemCatalogue,
  chosen: ReadonlySet<string>,
): Promise<Provision> {
  const names = [...new Set(candidates)].filter((name) => catalogue.index.find(name) !== undefined);
  const allowed = names.filter((name) => !request.excluded.has(name));
  // One that is to come anyway is better than another.
  for (const name of [...allowed.filter((one) => chosen.has(one)), ...allowed]) {
    const deb = catalogue.index.find(name);
    if (deb === undefined || !(await holds(deb, need.name, catalogue))) continue;
    const rule = need.asked?.because.rule ?? `\`${need.name}\` is needed by \`${need.chain.at(-2) ?? need.by ?? ''}\``;
    return { kind: 'package', deb, because: { ...need.asked?.because, rule }, isNamed: need.kind === 'program' };
  }
  return { kind: names.length > allowed.length ? 'excluded' : 'unknown' };
}

async function holds(deb: DebPackage, name: string, catalogue: SystemCatalogue): Promise<boolean> {
  const [files = []] = await catalogue.files([deb]);
  return files.some((file) => file.type !== 'directory' && file.path.endsWith(`/${name}`));
}
