import { describe, expect, test } from 'vitest';
import { digestFromHex } from '../../base/digest.ts';
import type { DebPackage, SuiteIndex } from '../../debian/package.ts';
import { parseDebianVersion } from '../../debian/version.ts';
import { assertNamedPackages } from './named-packages.ts';

const deb = (name: string): DebPackage => ({
  name,
  version: parseDebianVersion('1'),
  architecture: 'amd64',
  filename: `pool/${name}.deb`,
  url: `file:///pool/${name}.deb`,
  size: 1,
  sha256: digestFromHex('0'.repeat(64)),
  installedSize: 1,
  multiArch: 'no',
  priority: 'optional',
  depends: [],
  conflicts: [],
  provides: [],
});
const virtual: Readonly<Record<string, readonly string[]>> = {
  'mail-transport-agent': ['exim4', 'postfix', 'postfix'],
  libmagic1: ['libmagic1t64'],
};
const index: SuiteIndex = {
  suite: 'trixie',
  architecture: 'amd64',
  digest: digestFromHex('1'.repeat(64)),
  date: new Date(0),
  find: (name) => (['nginx', 'exim4', 'libmagic1t64'].includes(name) ? deb(name) : undefined),
  providers: (name) => (virtual[name] ?? []).map((one) => ({ package: deb(one) })),
};
const check = (name: string, excluded: readonly string[] = []) => {
  assertNamedPackages({ names: [name], where: 'tare.toml:2', installed: new Map([['mawk', '1']]), excluded }, index);
};

describe('packages that are named by hand', () => {
  test.each(['nginx', 'libmagic1', 'mawk'])('%s can be meant', (name) => {
    expect(() => check(name)).not.toThrow();
  });

  test.each(['none', '', 'a b', '../x'])('`%s` is not passed over in silence', (name) => {
    expect(() => check(name)).toThrow(
      expect.objectContaining({
        code: 'SYSTEM_PACKAGE_UNKNOWN',
        message: `Debian trixie has no package \`${name}\` for amd64`,
        where: 'tare.toml:2',
      }),
    );
  });

  test.each(['NGINX', 'nginx=1.2', 'nginx:arm64', 'nginx/trixie'])('%s is told how it is named', (name) => {
    expect(() => check(name)).toThrow(expect.objectContaining({ hint: expect.stringContaining('name it `nginx`') }));
  });

  test('a virtual one of several packages is not chosen by chance', () => {
    expect(() => check('mail-transport-agent')).toThrow(
      expect.objectContaining({ code: 'SYSTEM_PACKAGE_AMBIGUOUS', expected: 'one of exim4, postfix' }),
    );
  });

  test.each([
    ['nginx', 'nginx'],
    ['libmagic1', 'libmagic1t64'],
  ])('%s cannot be added where %s is left out', (name, excluded) => {
    expect(() => check(name, [excluded])).toThrow(expect.objectContaining({ code: 'SYSTEM_PACKAGE_EXCLUDED' }));
  });
});
