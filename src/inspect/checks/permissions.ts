import { areasOf } from '../areas.ts';
import type { Finding } from '../finding.ts';
import type { InspectedImage } from '../inspected-image.ts';

/** Folders that everybody writes to by design, wherever a base forgets the sticky bit. */
const shared = new Set(['tmp', 'var/tmp', 'run/lock', 'var/lock', 'dev/shm', 'dev/mqueue']);

/** Files that give the rights of another user, and files that everybody may change: errors beside the application's code. */
export function checkPermissions(image: InspectedImage): readonly Finding[] {
  const areaOf = areasOf(image);
  return image.tree.entries().flatMap(({ path, type, mode }): Finding[] => {
    if (type === 'symlink' || path.startsWith('dev/') || path.startsWith('proc/')) return [];
    const severity = areaOf(path) === 'application' ? 'error' : 'warning';
    const findings: Finding[] = [];
    if (type === 'file' && (mode & 0o6000) !== 0) {
      const whose = [(mode & 0o4000) === 0 ? '' : 'owner', (mode & 0o2000) === 0 ? '' : 'group'].filter(Boolean);
      findings.push({
        code: 'set-id',
        severity,
        message: `\`/${path}\` runs with the rights of its ${whose.join(' and ')} (mode ${mode.toString(8)})`,
        path: `/${path}`,
        hint: 'nothing in a container needs this: remove the bits, or run with `no-new-privileges`',
      });
    }
    const isSticky = type === 'directory' && (mode & 0o1000) !== 0;
    if ((mode & 0o002) !== 0 && !isSticky && !shared.has(path)) {
      findings.push({
        code: 'world-writable',
        severity,
        message: `everybody may write \`/${path}\` (mode ${mode.toString(8)})`,
        path: `/${path}`,
        hint: 'take the write permission of others away, or give it to the user that needs it',
      });
    }
    return findings;
  });
}
