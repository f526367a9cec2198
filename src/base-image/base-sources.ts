import { parseSourcesFile, parseSourcesList, type Source } from '../debian/apt-sources.ts';
import type { BaseImage } from './base-image.ts';

const folder = 'etc/apt';

/**
 * Where the apt of the base gets packages from, in apt's order: `sources.list`, then `sources.list.d`. Files are named by
 * their absolute paths in the image; what its keyrings say is not asked. Throws `DEB822_INVALID`.
 */
export function readBaseSources(base: Pick<BaseImage, 'text' | 'tree'>): readonly Source[] {
  const names = base.tree.children(`${folder}/sources.list.d`);
  const files = [`${folder}/sources.list`, ...names.map((name) => `${folder}/sources.list.d/${name}`)];
  return files.flatMap((file) => {
    const text = base.text(file);
    if (text === undefined) return [];
    return file.endsWith('.sources') ? parseSourcesFile(text, `/${file}`) : parseSourcesList(text, `/${file}`);
  });
}

/** Archives that the base's own apt asks for packages of `suite` and for its security fixes, without a final `/`. */
export interface BaseMirrors {
  readonly mirror?: string;
  readonly securityMirror?: string;
  /** The file of the image that says so. */
  readonly file?: string;
}

/** What of the base's sources can be asked from here: addresses in the image's own file system cannot. */
export function chooseBaseMirrors(sources: readonly Source[], suite: string): BaseMirrors {
  const usable = sources.filter((one) => /^https?:\/\//.test(one.uri) && one.components.includes('main'));
  const find = (...suites: readonly string[]): Source | undefined => usable.find((one) => suites.includes(one.suite));
  const main = find(suite) ?? find(`${suite}-updates`);
  const security = find(`${suite}-security`, `${suite}/updates`);
  return {
    ...(main === undefined ? {} : { mirror: main.uri, file: main.file }),
    ...(security === undefined ? {} : { securityMirror: security.uri }),
  };
}
