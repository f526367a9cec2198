import { runGit } from './git-program.ts';

/**
 * A version from the last tag (`git describe --tags --long`): the tag itself on its own commit; behind it the next patch version as a
 * development release, `1.2.4.dev3+gabc1234`. Undefined without git, without a tag, or where no tag is a version.
 */
export async function describeGit(root: string): Promise<string | undefined> {
  const answer = await runGit(root, ['describe', '--tags', '--long', '--match', '*[0-9]*', '--abbrev=7']);
  return answer === undefined ? undefined : versionOfDescription(answer.trim());
}

/** `v1.2.3-4-gabc1234` is `1.2.4.dev4+gabc1234`. */
export function versionOfDescription(description: string): string | undefined {
  const found =
    /^(?:.*?[-_/])?v?(\d+(?:\.\d+)*)((?:[-._]?(?:a|b|rc|alpha|beta|post|dev)[-._]?\d*)*)-(\d+)-(g[0-9a-f]+)$/i.exec(
      description,
    );
  if (found === null) return undefined;
  const [, release = '', suffix = '', distance = '0', commit = ''] = found;
  if (distance === '0') return `${release}${suffix}`;
  const numbers = release.split('.').map(Number);
  const next = numbers.map((number, index) => (index === numbers.length - 1 ? number + 1 : number));
  return suffix === '' ? `${next.join('.')}.dev${distance}+${commit}` : `${release}${suffix}.dev${distance}+${commit}`;
}
