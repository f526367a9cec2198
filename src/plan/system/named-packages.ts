import { TareError } from '../../base/errors.ts';
import type { SuiteIndex } from '../../debian/package.ts';

export interface NamedPackages {
  /** Names of `system-packages`. */
  readonly names: readonly string[];
  /** Where they are named. */
  readonly where: string | undefined;
  /** What the base has, by name, real and virtual. */
  readonly installed: ReadonlyMap<string, unknown>;
  readonly excluded: readonly string[];
}

/**
 * That each package which is named by hand can be meant in this suite. Throws `SYSTEM_PACKAGE_UNKNOWN`, `SYSTEM_PACKAGE_AMBIGUOUS` for a
 * virtual one that several packages provide, `SYSTEM_PACKAGE_EXCLUDED` where it may not be added.
 */
export function assertNamedPackages(named: NamedPackages, index: SuiteIndex): void {
  for (const name of named.names) if (!named.installed.has(name)) assertNamedPackage(name, named, index);
}

function assertNamedPackage(name: string, { where, excluded }: NamedPackages, index: SuiteIndex): void {
  const place = where === undefined ? {} : { where };
  const providers = [...new Set(index.providers(name).map((one) => one.package.name))];
  const found = index.find(name)?.name ?? providers[0];
  if (found === undefined) {
    const plain = name.toLowerCase().replace(/[:=/].*$/, '');
    const hint =
      index.find(plain) === undefined
        ? 'correct the name in `system-packages`: it is that of a binary package, and other suites may name it otherwise'
        : `name it \`${plain}\`: a version, an architecture or a suite cannot be asked for`;
    throw new TareError({
      code: 'SYSTEM_PACKAGE_UNKNOWN',
      message: `Debian ${index.suite} has no package \`${name}\` for ${index.architecture}`,
      ...place,
      hint,
    });
  }
  if (index.find(name) === undefined && providers.length > 1) {
    throw new TareError({
      code: 'SYSTEM_PACKAGE_AMBIGUOUS',
      message: `\`${name}\` is a virtual package that several packages provide`,
      ...place,
      expected: `one of ${providers.slice(0, 10).join(', ')}${providers.length > 10 ? ` (and ${providers.length - 10} more)` : ''}`,
      hint: 'name the one that is wanted in `system-packages`',
    });
  }
  if (excluded.includes(name) || excluded.includes(found)) {
    throw new TareError({
      code: 'SYSTEM_PACKAGE_EXCLUDED',
      message: `\`${name}\` is to be added and to be left out`,
      ...place,
      hint: `take it out of \`system-packages\` or \`${found}\` out of \`exclude-system-packages\``,
    });
  }
}
