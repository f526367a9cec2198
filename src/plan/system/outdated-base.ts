import { TareError } from '../../base/errors.ts';
import { isSatisfiedBy } from '../../debian/relation.ts';
import type { AddedPackage, SystemRequest } from './types.ts';

/** A dependency on a package of the base that is there in a version that does not do. */
interface OutdatedBase {
  readonly name: string;
  readonly installed: string;
  readonly wanted: string;
  readonly by: string;
}

/** Under either policy: Debian asks for a version because an older one lacks something. Throws `BASE_PACKAGE_TOO_OLD`. */
export function assertNewEnough(added: readonly AddedPackage[], request: SystemRequest): void {
  const [first, ...others] = findOutdated(added, request);
  if (first === undefined) return;
  throw new TareError({
    code: 'BASE_PACKAGE_TOO_OLD',
    message: `\`${first.by}\` wants \`${first.name}\` ${first.wanted}, and the base has ${first.installed}${others.length === 0 ? '' : ` (and ${others.length} more)`}`,
    expected: [first, ...others].map((one) => `\`${one.name}\` ${one.wanted} for \`${one.by}\``).join(', '),
    hint: 'take a newer version of the base image, or update its packages: packages that are added come from the suite as it is now',
  });
}

function findOutdated(added: readonly AddedPackage[], request: SystemRequest): readonly OutdatedBase[] {
  const coming = new Set(added.map((one) => one.deb.name));
  return added.flatMap(({ deb }) =>
    deb.depends.flatMap((group) => {
      const there = group.filter((relation) => request.installed.has(relation.name) && !coming.has(relation.name));
      const fits = there.some((relation) => {
        const version = request.installed.get(relation.name);
        return version !== undefined && isSatisfiedBy(relation, version);
      });
      const [first] = there;
      if (first === undefined || fits) return [];
      const installed = request.installed.get(first.name) ?? '';
      return [
        { name: first.name, installed, wanted: `${first.operator ?? ''} ${first.version ?? ''}`.trim(), by: deb.name },
      ];
    }),
  );
}
