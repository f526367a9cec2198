import { areasOf } from '../areas.ts';
import type { Finding } from '../finding.ts';
import type { InspectedImage } from '../inspected-image.ts';

/** Kernel and engine put these in place when the container starts. */
const atRuntime = /^(?:\/|(?:\.\.\/)+)?(?:proc|sys|dev|run|var\/run)(?:\/|$)/;
/** Files that engines mount over what is in the image. */
const mounted = new Set(['etc/hosts', 'etc/hostname', 'etc/resolv.conf', 'etc/mtab']);

/** Whether every symbolic link leads somewhere inside the image. */
export function checkLinks(image: InspectedImage): readonly Finding[] {
  const areaOf = areasOf(image);
  return image.tree.entries().flatMap(({ path, type, linkTarget = '' }): Finding[] => {
    if (type !== 'symlink' || image.tree.resolve(path) !== undefined) return [];
    if (atRuntime.test(linkTarget) || mounted.has(path)) return [];
    return [
      {
        code: 'link-dangling',
        severity: areaOf(path) === 'application' ? 'error' : 'warning',
        message: `\`/${path}\` is a link to \`${linkTarget}\`, which is not in the image`,
        path: `/${path}`,
      },
    ];
  });
}
