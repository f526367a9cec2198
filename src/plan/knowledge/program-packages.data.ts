/**
 * Commands whose file no Contents index lists, because a maintainer script makes the link, or whose file alone does nothing: the
 * package that gives the command.
 */
export const programPackages: ReadonlyMap<string, { readonly package: string; readonly because: string }> = new Map([
  ['java', { package: 'default-jre-headless', because: 'an alternative that the package of the runtime installs' }],
  [
    'convert',
    { package: 'imagemagick', because: 'an alternative; the file is `convert-im6.q16` or `convert-im7.q16`' },
  ],
  ['identify', { package: 'imagemagick', because: 'an alternative, as `convert`' }],
  ['mogrify', { package: 'imagemagick', because: 'an alternative, as `convert`' }],
  ['soffice', { package: 'libreoffice-nogui', because: 'the file is in libreoffice-common, which has no filters' }],
  ['libreoffice', { package: 'libreoffice-nogui', because: 'the file is in libreoffice-common, which has no filters' }],
  ['pg_dump', { package: 'postgresql-client', because: 'the file is a wrapper in postgresql-client-common' }],
  ['pg_restore', { package: 'postgresql-client', because: 'the file is a wrapper in postgresql-client-common' }],
  ['psql', { package: 'postgresql-client', because: 'the file is a wrapper in postgresql-client-common' }],
]);
