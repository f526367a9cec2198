import { createLoader, type Loader, type LoadResult } from '../../root/loader.ts';
import type { NativeRoot } from '../../root/native-roots.ts';
import type { Finding } from '../finding.ts';
import type { InspectedImage, KnownDistributionNeed } from '../inspected-image.ts';
import { isMusl, loaderFolders, machineOf } from '../loader-folders.ts';
import { findProgram, programFolders } from '../programs.ts';
import { createSiblingCheck, type SiblingCheck } from '../siblings.ts';

interface Loaders {
  readonly machine: string;
  readonly folders: readonly string[];
  /** For what is loaded into a Python process. */
  readonly inPython: Loader;
  readonly alone: Loader;
}

interface Walk extends Loaders {
  readonly image: InspectedImage;
  readonly checksVersions: boolean;
  readonly isSibling: SiblingCheck;
  /** Libraries that errors were told of. */
  readonly missed: Set<string>;
  readonly found: Map<string, { readonly finding: Finding; readonly count: number }>;
}

/**
 * Whether all that native code needs is in the image, as its loader would look for it: of extensions, programs and libraries opened
 * by name as errors, of plug-ins that nothing must load as warnings.
 */
export function checkLibraries(image: InspectedImage): readonly Finding[] {
  const loaders = openLoaders(image);
  const required = withCommand(image).map((root) => ({ root, result: load(loaders, root) }));
  const reached = new Set(required.flatMap(({ result }) => result.objects));
  const walk: Walk = {
    ...loaders,
    image,
    checksVersions: !isMusl(image),
    isSibling: createSiblingCheck(image, reached),
    missed: new Set(),
    found: new Map(),
  };
  for (const { root, result } of required) checkRoot(walk, root, result, 'error');
  for (const need of image.knowledge.needsOf(image.distributions.all)) checkKnownNeed(walk, need);
  for (const root of image.roots.optional) {
    if (!reached.has(root.path)) checkRoot(walk, root, load(loaders, root), 'warning');
  }
  return [...walk.found.values()].map(({ finding, count }) =>
    count === 1 ? finding : { ...finding, message: `${finding.message} (and ${count - 1} more ways lead there)` },
  );
}

function load({ inPython, alone }: Loaders, root: NativeRoot): LoadResult {
  return (root.kind === 'program' ? alone : inPython).load(root.path);
}

function openLoaders(image: InspectedImage): Loaders {
  const { tree, env } = image;
  const machine = machineOf(image);
  const folders = loaderFolders(image);
  const libraryPath = (env.get('LD_LIBRARY_PATH') ?? '').split(':').filter((folder) => folder.startsWith('/'));
  const settings = { machine, libraryPath, folders };
  const program = image.pythons[0]?.interpreter;
  return {
    machine,
    folders: [...libraryPath, ...folders],
    inPython: createLoader(tree, program === undefined ? settings : { ...settings, program }),
    alone: createLoader(tree, settings),
  };
}

/** The command's program counts wherever it is. */
function withCommand({ roots, tree, env, workdir, config }: InspectedImage): readonly NativeRoot[] {
  const program = findProgram(tree, env, workdir, config.command[0] ?? '');
  if (program?.facts.elf === undefined || roots.required.some(({ path }) => path === program.path))
    return roots.required;
  return [...roots.required, { path: program.path, kind: 'program' }];
}

function checkRoot(walk: Walk, root: NativeRoot, result: LoadResult, severity: Finding['severity']): void {
  const { tree } = walk.image;
  const found = tree.resolve(root.path);
  const elf = found?.facts.elf;
  if (found === undefined || elf === undefined) return;
  if (elf.machine !== walk.machine) {
    add(walk, `machine ${root.distribution ?? root.path}`, {
      code: 'machine-wrong',
      severity,
      message: `\`/${root.path}\` is for ${elf.machine}, and the image for ${walk.machine}`,
      path: `/${root.path}`,
      chain: chainOf(walk, root, [root.path]),
      hint: 'install the wheel for this platform',
    });
    return;
  }
  if (root.kind === 'program' && elf.interpreter !== undefined && tree.resolve(elf.interpreter) === undefined) {
    add(walk, `loader ${elf.interpreter}`, {
      code: 'loader-missing',
      severity,
      message: `\`/${root.path}\` asks for the loader \`${elf.interpreter}\`, which is not in the image`,
      path: `/${root.path}`,
      chain: chainOf(walk, root, [root.path, elf.interpreter]),
      hint: 'it was built for another C library: use a wheel or package for this one',
    });
    return;
  }
  addResult(walk, root, result, severity);
}

/** What a distribution opens or runs by name: nothing in an ELF file tells of it. */
function checkKnownNeed(walk: Walk, need: KnownDistributionNeed): void {
  const { kind, distribution, names, condition } = need;
  const { tree, env, knowledge } = walk.image;
  const [first] = names;
  if (first === undefined) return;
  if (kind === 'program') {
    const folders = programFolders(env);
    if (names.some((name) => folders.some((folder) => tree.resolve(`${folder}/${name}`)?.facts.type === 'file')))
      return;
    add(walk, `program ${distribution} ${first}`, {
      code: 'program-missing',
      severity: 'error',
      message: `\`${distribution}\` runs \`${first}\` when ${condition}, and it is not in the image`,
      chain: [distribution, first],
    });
    return;
  }
  const path = names.map((soname) => lookUp(walk, soname)).find((one) => one !== undefined);
  if (path !== undefined) {
    const root: NativeRoot = { path, kind: 'ctypes', distribution };
    addResult(walk, root, load(walk, root), 'error');
  } else if (!names.some((one) => knowledge.isHostLibrary(one) || walk.isSibling(one, distribution))) {
    walk.missed.add(first);
    add(walk, `${distribution} ${first}`, {
      code: 'library-missing',
      severity: 'error',
      message: `\`${distribution}\` opens \`${first}\` when ${condition}, and it is not in the image`,
      chain: [distribution, first],
    });
  }
}

function lookUp({ image, machine, folders }: Walk, soname: string): string | undefined {
  if (soname.includes('/')) return undefined;
  for (const folder of folders) {
    const found = image.tree.resolve(`${folder}/${soname}`);
    if (found?.facts.elf?.machine === machine) return found.path;
  }
  return undefined;
}

function addResult(walk: Walk, root: NativeRoot, result: LoadResult, severity: Finding['severity']): void {
  for (const { soname, chain } of result.missing) {
    const needer = chain.at(-1) ?? root.path;
    if (
      walk.image.knowledge.isHostLibrary(soname) ||
      walk.isSibling(soname, needer) ||
      walk.isSibling(soname, root.path)
    )
      continue;
    // What fails the image already needs no further word.
    if (severity === 'warning' && walk.missed.has(soname)) continue;
    if (severity === 'error') walk.missed.add(soname);
    const shown = chainOf(walk, root, [...chain, soname]);
    add(walk, keyOf(root, needer, soname), missing(soname, severity, shown, needer));
  }
  if (!walk.checksVersions) return;
  for (const { soname, version, provider, chain } of result.missingVersions) {
    const needer = chain.at(-1) ?? root.path;
    add(walk, keyOf(root, needer, `${soname} ${version}`), {
      code: 'library-version-missing',
      severity,
      message: `\`/${needer}\` needs \`${version}\` of \`${soname}\`, which \`/${provider}\` does not have`,
      path: `/${needer}`,
      chain: chainOf(walk, root, [...chain, `${soname} (${version})`]),
      hint: 'use a base with a newer version of it, or an older wheel',
    });
  }
}

function missing(soname: string, severity: Finding['severity'], chain: readonly string[], needer: string): Finding {
  return {
    code: severity === 'error' ? 'library-missing' : 'plug-in-library-missing',
    severity,
    message: `\`/${needer}\` needs \`${soname}\`, which is not in the image`,
    path: `/${needer}`,
    chain,
  };
}

/** Several files of one distribution that lack the same are one finding, told by the shortest way. */
function keyOf(root: NativeRoot, needer: string, what: string): string {
  return `${root.distribution ?? needer} ${what}`;
}

function add(walk: Walk, key: string, finding: Finding): void {
  const full = `${finding.severity} ${key}`;
  const known = walk.found.get(full);
  if (known === undefined) walk.found.set(full, { finding, count: 1 });
  else {
    const isShorter = (finding.chain?.length ?? 0) < (known.finding.chain?.length ?? 0);
    walk.found.set(full, { finding: isShorter ? finding : known.finding, count: known.count + 1 });
  }
}

/** Distribution first, paths as its RECORD has them; what is missing last. */
function chainOf(walk: Walk, root: NativeRoot, links: readonly string[]): readonly string[] {
  const sites = walk.image.pythons.flatMap((python) => python.siteFolders).map((site) => `${site}/`);
  const shown = links.map((link, index) => {
    if (index === links.length - 1 && links.length > 1) return link;
    const site = sites.find((one) => link.startsWith(one));
    return site === undefined ? `/${link}` : link.slice(site.length);
  });
  return root.distribution === undefined ? shown : [root.distribution, ...shown];
}
