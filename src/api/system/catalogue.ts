import { mapLimit } from '../../base/concurrency.ts';
import { once } from '../../base/once.ts';
import { noteSources } from '../../build/recipe.ts';
import type { BuildTools } from '../../build/tools.ts';
import { type ContentsIndex, type DebianMirrorConfig, fetchDebs, openContents } from '../../debian/mirror.ts';
import { installedFiles, type PackageFacts, packageFactsVersion } from '../../debian/package-facts.ts';
import type { DebPackage, SuiteIndex } from '../../debian/package.ts';
import type { SystemCatalogue } from '../../plan/system/types.ts';
import type { FileFacts } from '../../root/file-facts.ts';

/** The packages of a suite with what is in them. Its Contents index, some 13 MB, is fetched when something is first looked for. */
export function openCatalogue(tools: BuildTools, debian: DebianMirrorConfig, index: SuiteIndex): SystemCatalogue {
  const { context } = tools;
  const { suite, architecture } = index;
  // One at a time: compiling one takes the most memory of all that a build does.
  const open = (options?: Parameters<typeof openContents>[4]) =>
    tools.cache.withLock('contents', () => openContents(context, debian, suite, architecture, options), context.signal);
  const contents = once(() => open({ independent: false }));
  // Packages for all architectures are three times as many, and have no libraries.
  const everything = once(() => open());
  const files = (packages: readonly DebPackage[]) => readPackages(tools, debian, packages);
  return {
    index,
    librariesNamed: async (soname) => (await contents()).librariesNamed(soname).map((one) => one.package),
    programsNamed: async (name) => {
      const found = (await contents()).programsNamed(name);
      return found.length > 0 ? found : (await everything()).programsNamed(name);
    },
    holdsCode: async (name) => {
      const deb = index.find(name);
      if (deb?.architecture === 'all') return (await files([deb])).flat().some(isProgram);
      return holdsCode(await contents(), name);
    },
    files,
  };
}

function holdsCode(contents: ContentsIndex, name: string): boolean {
  return contents.holdsCode(name) || contents.holdsPlugins(name);
}

function isProgram(file: FileFacts): boolean {
  return file.type !== 'directory' && /^(?:usr\/)?s?bin\//.test(file.path);
}

/** What is in packages, at its place in the image. */
export async function readPackages(
  tools: BuildTools,
  debian: DebianMirrorConfig,
  packages: readonly DebPackage[],
): Promise<readonly (readonly FileFacts[])[]> {
  return (await readFactsOf(tools, debian, packages)).map((facts) => installedFiles([facts]));
}

/** What is to be known of packages: remembered by their hashes, else they are fetched and read. */
export async function readFactsOf(
  tools: BuildTools,
  debian: DebianMirrorConfig,
  packages: readonly DebPackage[],
): Promise<readonly PackageFacts[]> {
  return mapLimit(packages, 8, async (one) => {
    const key = `${packageFactsVersion} ${one.sha256}`;
    const known = await tools.cache.readRecord('deb-facts', key);
    if (isPackageFacts(known)) return known;
    const [fetched] = await fetchDebs(tools.context, [one], tools.cache, debian);
    if (fetched === undefined) throw new Error(`nothing was fetched for ${one.name}`);
    noteSources(tools.cache, [fetched]);
    const facts = await tools.readPackage(fetched.file);
    await tools.cache.writeRecord('deb-facts', key, facts);
    return facts;
  });
}

function isPackageFacts(value: unknown): value is PackageFacts {
  return typeof value === 'object' && value !== null && 'files' in value && 'alternatives' in value;
}
