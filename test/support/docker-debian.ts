import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAptSources } from '../../src/debian/apt-sources.ts';
import { mustRun } from './command.ts';
import { epoch } from './docker-layout.ts';

/** What CPython links, by the names of each suite. */
const libraries = {
  bookworm: ['libffi8', 'libreadline8', 'libssl3'],
  trixie: ['libffi8', 'libreadline8t64', 'libssl3t64'],
} as const;
const everywhere = ['ca-certificates', 'libbz2-1.0', 'liblzma5', 'libncursesw6', 'libsqlite3-0', 'libuuid1', 'netbase'];

/** A release that such images are made of. */
export type Suite = keyof typeof libraries;

/** What CPython runs with, and what every such image has beside it. */
export function packagesFor(suite: Suite): readonly string[] {
  return [...everywhere, 'tzdata', 'zlib1g', ...libraries[suite]];
}

/** This machine's mirror of Debian. */
export async function readMirror(): Promise<string> {
  const { mirror } = await readAptSources('/etc/apt');
  if (mirror === undefined) throw new Error('this machine has no Debian mirror');
  return mirror;
}

/** The root of a small Debian whose apt asks this machine's mirror, as Docker's image has it: no lists, no documentation. */
export async function makeDebian(root: string, suite: Suite, more: readonly string[]): Promise<void> {
  const mirror = await readMirror();
  const include = `--include=${[...packagesFor(suite), ...more].join(',')}`;
  await mustRun('mmdebstrap', ['--quiet', '--variant=minbase', '--mode=root', include, suite, root, mirror], {
    env: { ...process.env, SOURCE_DATE_EPOCH: epoch },
  });
  await finishAsDocker(root, suite, mirror, more.length === 0);
}

/** Takes away what Docker's images do not have, and lets apt ask `mirror`. */
export async function finishAsDocker(root: string, suite: Suite, mirror: string, isSlim: boolean): Promise<void> {
  for (const folder of [
    'var/lib/apt/lists',
    'var/cache/apt',
    'usr/share/doc',
    'usr/share/man',
    'usr/share/locale',
    'dev',
  ]) {
    await rm(join(root, folder), { recursive: true, force: true });
    await mkdir(join(root, folder));
  }
  await writeDockerSettings(root, isSlim);
  await rm(join(root, 'etc/apt/sources.list'), { force: true });
  await writeFile(
    join(root, 'etc/apt/sources.list.d/debian.sources'),
    [
      'Types: deb',
      `URIs: ${mirror}`,
      `Suites: ${suite} ${suite}-updates`,
      'Components: main',
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
      '',
    ].join('\n'),
  );
}

/** What Debian's images for Docker tell apt and dpkg (debuerreotype): nothing kept, no waiting for disks; the slim ones leave out documentation. */
async function writeDockerSettings(root: string, isSlim: boolean): Promise<void> {
  const apt = join(root, 'etc/apt/apt.conf.d');
  const dpkg = join(root, 'etc/dpkg/dpkg.cfg.d');
  const clean =
    '{ "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };';
  const cleaned = `DPkg::Post-Invoke ${clean}\nAPT::Update::Post-Invoke ${clean}\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n`;
  await writeFile(join(apt, 'docker-clean'), cleaned);
  await writeFile(join(apt, 'docker-gzip-indexes'), 'Acquire::GzipIndexes "true";\n');
  await writeFile(join(apt, 'docker-no-languages'), 'Acquire::Languages "none";\n');
  await writeFile(join(dpkg, 'docker-apt-speedup'), 'force-unsafe-io\n');
  if (!isSlim) return;
  const excluded = ['doc', 'groff', 'info', 'linda', 'lintian', 'locale', 'man'].map(
    (folder) => `path-exclude /usr/share/${folder}/*\n`,
  );
  await writeFile(join(dpkg, 'docker'), `${excluded.join('')}path-include /usr/share/doc/*/copyright\n`);
}
