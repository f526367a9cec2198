import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import * as v from 'valibot';
import { type BuildReport, buildImage, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { copyExample, readExamples, writeProject } from '../support/example.ts';
import { blobPath } from '../support/image.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { requirePythonBase } from '../support/python-base.ts';
import { type Scan, type ScannedPackage, scanLayout } from '../support/scanner.ts';

/*
 * What a scanner that knows nothing of tare finds in an image is what `tare plan` says: no package more, none less, none
 * in another version.
 */

const packageSchema = v.object({ name: v.string(), version: v.string(), filename: v.optional(v.string()) });
/** The parts of `tare plan --json` that say what is installed. */
const planSchema = v.object({
  project: v.object({ distribution: v.optional(v.object({ name: v.string(), version: v.string() })) }),
  targets: v.array(
    v.object({
      platform: v.string(),
      base: v.object({ suite: v.string(), architecture: v.string(), packages: v.array(packageSchema) }),
      systemPackages: v.array(packageSchema),
      wheels: v.array(packageSchema),
    }),
  ),
});
type Plan = v.InferOutput<typeof planSchema>;
type Target = Plan['targets'][number];

const versions: Readonly<Record<string, string>> = { bookworm: '12', trixie: '13' };
const hostPlatform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';

let dir: string;
beforeAll(async () => {
  dir = await makeTemporaryDir('scanner');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Built {
  readonly layout: string;
  readonly report: BuildReport;
  readonly plan: Plan;
}

async function build(project: string, flags: readonly string[]): Promise<Built> {
  const layout = join(await mkdtemp(join(dir, 'image-')), 'layout');
  const report = await buildImage(project, [...flags, '-o', `oci:${layout}`]);
  const planned = await runTare(['plan', project, '--json', ...flags]);
  return { layout, report, plan: v.parse(planSchema, JSON.parse(planned.stdout)) };
}

function targetOf(plan: Plan, platform: string): Target {
  const target = plan.targets.find((one) => one.platform === platform);
  if (target === undefined) throw new Error(`the plan has no ${platform}`);
  return target;
}

/** `NAME VERSION ARCHITECTURE`, the architecture being in the name of the file. */
function plannedDebian(packages: readonly v.InferOutput<typeof packageSchema>[]): readonly string[] {
  const architecture = ({ filename = '' }: { readonly filename?: string | undefined }) =>
    /_([^_]+)\.deb$/.exec(filename)?.[1];
  return packages.map((one) => `${one.name} ${one.version} ${architecture(one)}`).sort();
}

function plannedPython({ project }: Plan, { wheels }: Target): readonly string[] {
  const own = project.distribution === undefined ? [] : [project.distribution];
  return [...wheels, ...own].map(({ name, version }) => `${name} ${version}`).sort();
}

const ofType = (scan: Scan, type: string) => scan.artifacts.filter((one) => one.type === type);

const foundDebian = (scan: Scan) =>
  ofType(scan, 'deb')
    .map(({ name, version, metadata }) => `${name} ${version} ${metadata?.architecture}`)
    .sort();

/** Names normalised as the Python packaging specifications say (name normalisation). */
const foundPython = (scan: Scan) =>
  ofType(scan, 'python')
    .map(({ name, version }) => `${name.replace(/[-_.]+/g, '-').toLowerCase()} ${version}`)
    .sort();

/**
 * What is neither Debian's nor Python's. As `binary` syft lists what it takes a file for by its bytes, such as FFmpeg's
 * libraries inside a wheel: something that is in a package, not a package that is installed.
 */
const others = (scan: Scan) => scan.artifacts.filter(({ type }) => type !== 'deb' && type !== 'python');

/** A package URL by which vulnerabilities are found: right in distribution, version, architecture and source package. */
function expectDebianPurl(found: ScannedPackage, suite: string, source: string | undefined): void {
  const { name, version, metadata, purl } = found;
  const [path = '', query] = purl.split('?');
  expect(path).toBe(`pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}`);
  const qualifiers = new URLSearchParams(query);
  expect(qualifiers.get('arch'), purl).toBe(metadata?.architecture);
  expect(qualifiers.get('distro')?.replace(/\.\d+$/, ''), purl).toBe(`debian-${versions[suite]}`);
  if (source !== undefined) expect(qualifiers.get('upstream')?.replace(/@.*/, '') ?? name, purl).toBe(source);
}

/** The base and the system packages of an image as files, by tar alone. */
async function unpackSystem({ layout, report }: Built): Promise<string> {
  const root = await mkdtemp(join(dir, 'root-'));
  const image = report.platforms.find((one) => one.platform === hostPlatform);
  for (const { kind, digest } of image?.layers ?? []) {
    if (kind !== 'base' && kind !== 'system') continue;
    await mustRun('tar', ['-xzf', blobPath(layout, digest), '-C', root, '--keep-directory-symlink']);
  }
  return root;
}

/** Real path to MD5 of the files that the scanner gives to packages. */
async function filesOfPackages(
  packages: readonly ScannedPackage[],
  root: string,
): Promise<ReadonlyMap<string, string>> {
  const owned = new Map<string, string>();
  for (const { metadata } of packages) {
    for (const { path, digest } of metadata?.files ?? []) {
      const real = relative(root, await realpath(join(root, path)));
      if (digest?.algorithm === 'md5') owned.set(real, digest.value);
    }
  }
  return owned;
}

const md5 = async (file: string) =>
  createHash('md5')
    .update(await readFile(file))
    .digest('hex');

for (const { name, example, flags, platforms } of [
  { name: 'without system libraries', example: 'fastapi-hello', flags: [], platforms: ['linux/amd64', 'linux/arm64'] },
  { name: 'what loads', example: 'ultralytics-serving', flags: [], platforms: ['linux/amd64', 'linux/arm64'] },
  {
    name: 'as by apt',
    example: 'ultralytics-serving',
    flags: ['--system-policy', 'depends'],
    platforms: [hostPlatform],
  },
  // Packages of this suite name their files below `/lib`, too.
  { name: 'bookworm', example: 'src-layout', flags: ['--python', '3.11'], platforms: ['linux/amd64', 'linux/arm64'] },
]) {
  describe(`a composed base, ${name}: examples/${example}`, () => {
    let built: Built;
    const scans = new Map<string, Scan>();

    beforeAll(async () => {
      const found = (await readExamples()).find((one) => one.name === example);
      if (found === undefined) throw new Error(`there is no examples/${example}`);
      const project = join(await mkdtemp(join(dir, 'project-')), example);
      await copyExample(found, project);
      built = await build(project, [...found.expectation.given.args, ...flags, '--platform', platforms.join(',')]);
    });

    const scanOf = async (context: TestContext, platform: string) => {
      await requireComponent(context, 'syft');
      const scan = scans.get(platform) ?? (await scanLayout(built.layout, platform, dir));
      scans.set(platform, scan);
      return scan;
    };

    for (const platform of platforms) {
      test(`${platform} has the packages that the plan says`, async (context) => {
        const scan = await scanOf(context, platform);
        const target = targetOf(built.plan, platform);
        const debian = [...target.base.packages, ...target.systemPackages];
        expect(foundDebian(scan)).toEqual(plannedDebian(debian));
        expect(foundPython(scan)).toEqual(plannedPython(built.plan, target));
        expect(scan.distro).toEqual({ id: 'debian', versionCodename: target.base.suite });
        // In the archive a package lies in the folder of its source.
        const sources = new Map(debian.map((one) => [one.name, one.filename?.split('/').at(-2)]));
        for (const one of ofType(scan, 'deb')) {
          expectDebianPurl(one, target.base.suite, sources.get(one.name));
          expect(one.licenses, one.name).not.toEqual([]);
        }
      });
    }

    test('nothing of Debian is taken for something else', async (context) => {
      for (const one of others(await scanOf(context, hostPlatform))) {
        expect(one.type).toBe('binary');
        for (const { path } of one.locations) expect(path).toMatch(/^\/opt\/venv\/lib\/python[\d.]+\/site-packages\//);
      }
    });

    test('every file belongs to a package, but settings and the record itself, and is as the package has it', async (context) => {
      const scan = await scanOf(context, hostPlatform);
      const root = await unpackSystem(built);
      const owned = await filesOfPackages(ofType(scan, 'deb'), root);
      const listed = await readdir(root, { recursive: true, withFileTypes: true });
      const files = listed.filter((one) => one.isFile()).map((one) => relative(root, join(one.parentPath, one.name)));
      expect(files.length).toBeGreaterThan(1000);
      const loose = files.filter((path) => !owned.has(path) && !/^(?:etc|var\/lib\/dpkg)\//.test(path));
      expect(loose).toEqual([]);
      for (const [path, sum] of owned) expect(await md5(join(root, path)), path).toBe(sum);
    });
  });
}

const onBase = {
  'pyproject.toml': '[project]\nname = "on-a-base"\nversion = "1"\ndependencies = ["markupsafe==3.0.3"]\n',
  'main.py': 'print("hello")\n',
};

for (const suite of ['bookworm', 'trixie'] as const) {
  for (const policy of ['needed', 'depends'] as const) {
    test(`an image with dpkg, ${suite}, ${policy}: what it has, and what the plan adds`, async (context) => {
      await requireComponent(context, 'syft');
      const made = await requirePythonBase(context, '3.12', suite);
      const project = await writeProject(await mkdtemp(join(dir, 'project-')), onBase);
      const system = ['--system-policy', policy, '--system-package', 'libmagic1'];
      const built = await build(project, ['--entrypoint', 'main.py', '--base', `oci:${made.layout}`, ...system]);
      const before = await scanLayout(made.layout, hostPlatform, dir);
      const scan = await scanLayout(built.layout, hostPlatform, dir);
      const target = targetOf(built.plan, hostPlatform);

      const format = '${Package} ${Version} ${Architecture}\n';
      const printed = await mustRun('/usr/sbin/chroot', [made.root, 'dpkg-query', '-W', '-f', format]);
      const installed = printed.trim().split('\n');
      expect(foundDebian(scan)).toEqual([...installed, ...plannedDebian(target.systemPackages)].sort());
      const names = [...target.base.packages, ...target.systemPackages].map((one) => `${one.name} ${one.version}`);
      expect(foundDebian(scan).map((one) => one.replace(/ \S+$/, ''))).toEqual(names.sort());
      // The pip of the base, which no wheel brought.
      expect(foundPython(scan)).toEqual([...foundPython(before), ...plannedPython(built.plan, target)].sort());
      expect(others(scan).map((one) => one.name)).toEqual(others(before).map((one) => one.name));

      const added = ofType(scan, 'deb').filter((one) => target.systemPackages.some(({ name }) => name === one.name));
      expect(added).toHaveLength(2);
      const root = await unpackSystem(built);
      for (const [path, sum] of await filesOfPackages(added, root)) expect(await md5(join(root, path)), path).toBe(sum);
      for (const one of added) {
        expectDebianPurl(one, suite, 'file');
        expect(one.licenses, one.name).not.toEqual([]);
      }
      const settings = added.flatMap((one) => one.metadata?.files ?? []).filter((one) => one.isConfigFile);
      expect(settings.map(({ path, digest }) => [path, digest?.algorithm])).toEqual(
        policy === 'needed'
          ? []
          : [
              ['/etc/magic', 'md5'],
              ['/etc/magic.mime', 'md5'],
            ],
      );
    });
  }
}
