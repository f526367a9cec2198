import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { type BuildReport, buildImage, runTare } from '../support/cli.ts';
import { runCommand } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { copyExample, readExamples } from '../support/example.ts';
import { matches } from '../support/expectations.ts';
import { type RootfsEntry, readLayout, readRootfs, type TestImage } from '../support/image.ts';
import { makeTemporaryDir } from '../support/paths.ts';

const platforms = ['linux/amd64', 'linux/arm64'];
const hostPlatform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
const foreignPlatform = hostPlatform === 'linux/arm64' ? 'linux/amd64' : 'linux/arm64';

/** The parts of `tare plan --json` that `expect.json` speaks of. */
const planSchema = v.object({
  schemaVersion: v.literal(1),
  project: v.object({
    name: v.string(),
    version: v.optional(v.string()),
    distribution: v.optional(v.object({ name: v.string() })),
  }),
  targets: v.array(
    v.object({
      platform: v.string(),
      python: v.object({ version: v.string() }),
      base: v.object({ suite: v.string() }),
      resolution: v.object({ kind: v.string() }),
      wheels: v.array(v.object({ name: v.string(), version: v.string(), filename: v.string(), sha256: v.string() })),
      layers: v.array(v.object({ kind: v.string() })),
    }),
  ),
  processes: v.record(v.string(), v.object({ command: v.array(v.string()), ports: v.array(v.number()) })),
  files: v.object({
    groups: v.array(v.object({ paths: v.array(v.string()) })),
    leftOut: v.array(v.object({ path: v.string() })),
  }),
  warnings: v.array(v.object({ code: v.string() })),
});
type Plan = v.InferOutput<typeof planSchema>;

/** Each run of the same kind once. */
const runsOf = (kinds: readonly string[]) => kinds.filter((kind, index) => kind !== kinds[index - 1]);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

for (const example of await readExamples()) {
  describe(`examples/${example.name}`, () => {
    const { given, plan: wanted, image: wantedImage, container } = example.expectation;
    let dir: string;
    let layout: string;
    let plan: Plan;
    let report: BuildReport;
    let images: ReadonlyMap<string, TestImage>;
    const rootfs = new Map<string, ReadonlyMap<string, RootfsEntry>>();

    beforeAll(async () => {
      dir = await makeTemporaryDir('example');
      const project = join(dir, example.name);
      layout = join(dir, 'image');
      await copyExample(example, project);
      const target = ['--platform', platforms.join(','), ...given.args];
      report = await buildImage(project, [...target, '-o', `oci:${layout}`]);
      const planned = await runTare(['plan', project, '--json', ...target]);
      plan = v.parse(planSchema, JSON.parse(planned.stdout));
      images = await readLayout(layout);
      for (const [platform, image] of images) rootfs.set(platform, await readRootfs(layout, image));
    });
    afterAll(() => rm(dir, { recursive: true, force: true }));

    test('plan: Python, base and what the project is', () => {
      expect(plan.targets.map((target) => target.platform)).toEqual(platforms);
      for (const target of plan.targets) {
        expect(target.python.version).toBe(wanted.python);
        expect(target.base.suite).toBe(wanted.suite);
        expect(target.resolution.kind).toBe(wanted.resolution);
      }
      expect(plan.project.name).toBe(wanted.project.name);
      if (wanted.project.version !== undefined) expect(plan.project.version).toBe(wanted.project.version);
      expect(plan.project.distribution?.name ?? null).toBe(wanted.project.distribution);
      expect(plan.warnings.map((warning) => warning.code).sort()).toEqual([...wanted.warnings].sort());
    });

    test('plan: wheels', () => {
      for (const { wheels, platform } of plan.targets) {
        const known = new Set(wheels.flatMap((wheel) => [wheel.name, `${wheel.name}==${wheel.version}`]));
        expect(
          wanted.wheels.in.filter((name) => !known.has(name)),
          platform,
        ).toEqual([]);
        expect(
          wanted.wheels.out.filter((name) => known.has(name)),
          platform,
        ).toEqual([]);
      }
      for (const name of wanted.wheels.native) {
        const files = plan.targets.map((target) => target.wheels.find((wheel) => wheel.name === name)?.filename);
        expect(new Set(files).size, `${name}: one wheel for each platform`).toBe(platforms.length);
      }
    });

    test('plan: process and files', () => {
      const [main] = Object.values(plan.processes);
      expect(main?.command).toEqual(wanted.process.command);
      expect(main?.ports).toEqual(wanted.process.ports);
      const paths = plan.files.groups.flatMap((group) => group.paths);
      expect(wanted.files.in.filter((pattern) => !paths.some((path) => matches(pattern, path)))).toEqual([]);
      expect(paths.filter((path) => wanted.files.out.some((pattern) => matches(pattern, path)))).toEqual([]);
    });

    test('plan --files names what is left out for being secret', async () => {
      const listed = await runTare(['plan', join(dir, example.name), '--files', ...given.args]);
      expect(listed.code).toBe(0);
      const secret = Object.keys(given.files).filter((path) => /(^|\/)\.env|\.pem$/.test(path));
      expect(secret.filter((path) => !listed.stdout.includes(path))).toEqual([]);
    });

    test('image: the report says what the layout holds', () => {
      expect(report.platforms.map((one) => one.platform)).toEqual(platforms);
      for (const one of report.platforms) {
        const image = images.get(one.platform);
        expect(image?.digest).toBe(one.digest);
        expect(image?.layers.map((layer) => layer.digest)).toEqual(one.layers.map((layer) => layer.digest));
        expect(image?.config.rootfs.diff_ids).toEqual(one.layers.map((layer) => layer.diffId));
        expect(one.size).toBe(sum(one.layers.map((layer) => layer.size)));
        const target = plan.targets.find((planned) => planned.platform === one.platform);
        expect(one.layers.map((layer) => layer.kind)).toEqual(target?.layers.map((layer) => layer.kind));
        expect(runsOf(one.layers.map((layer) => layer.kind))).toEqual(wantedImage.layerKinds);
      }
    });

    test('image: small', () => {
      for (const { platform, layers } of report.platforms) {
        const base = layers.filter((layer) => layer.kind === 'base');
        expect(sum(base.map((layer) => layer.size)), platform).toBeLessThanOrEqual(wantedImage.maxBaseSize);
        expect(sum(layers.map((layer) => layer.size)), platform).toBeLessThanOrEqual(wantedImage.maxSize);
        if (wantedImage.maxBelow === undefined) continue;
        const below = layers.filter((layer) => layer.kind === 'base' || layer.kind === 'system');
        expect(sum(below.map((layer) => layer.size)), platform).toBeLessThanOrEqual(wantedImage.maxBelow.size);
        expect(sum(below.map((layer) => layer.unpackedSize)), platform).toBeLessThanOrEqual(
          wantedImage.maxBelow.unpackedSize,
        );
      }
    });

    test('image: configuration', () => {
      for (const { config, platform } of images.values()) {
        expect(config.config.User, platform).toBe(wantedImage.user);
        expect(config.config.WorkingDir, platform).toBe(wantedImage.workdir);
        expect([...(config.config.Entrypoint ?? []), ...(config.config.Cmd ?? [])]).toEqual(wanted.process.command);
        const wantedEnv = Object.entries(wantedImage.env).map(([name, value]) => `${name}=${value}`);
        expect(config.config.Env).toEqual(expect.arrayContaining(wantedEnv));
        expect(config.config.Env.find((one) => one.startsWith('PATH='))).toMatch(/^PATH=\/opt\/venv\/bin:/);
        expect(Object.keys(config.config.ExposedPorts)).toEqual(wanted.process.ports.map((port) => `${port}/tcp`));
        expect(config.config.Labels).toMatchObject(wantedImage.labels);
        const created = Date.parse(config.created);
        expect(created).toBeGreaterThan(Date.parse('2020-01-01'));
        expect(created).toBeLessThan(Date.now() + 86_400_000);
      }
    });

    test('image: files', () => {
      for (const [platform, entries] of rootfs) {
        const paths = [...entries.keys()];
        const missing = wantedImage.present.filter((pattern) => !paths.some((path) => matches(pattern, path)));
        expect(missing, `${platform}: missing`).toEqual([]);
        const unwanted = paths.filter((path) => wantedImage.absent.some((pattern) => matches(pattern, path)));
        expect(unwanted, `${platform}: unwanted`).toEqual([]);
      }
    });

    test('image: the user can write its home and beside the application, and nothing that runs', () => {
      for (const entries of rootfs.values()) {
        const home = entries.get('home/nonroot');
        expect(home).toMatchObject({ type: 'directory', uid: 65532, gid: 65532 });
        const writable = [...entries].filter(
          ([path, { type, mode, uid }]) =>
            type !== 'symlink' && /^(app|opt|usr|etc)(\/|$)/.test(path) && (uid === 65532 || (mode & 0o002) !== 0),
        );
        // The working folder itself, so that an application may keep a file beside its own (docs/decisions/0005).
        expect(writable.map(([path]) => path)).toEqual([wantedImage.workdir.slice(1)]);
      }
    });

    test('image: every link and every script line leads somewhere', () => {
      for (const entries of rootfs.values()) {
        expect(danglingLinks(entries)).toEqual([]);
        expect(brokenScripts(entries)).toEqual([]);
      }
    });

    test('skopeo takes the layout and sees both platforms', async (context) => {
      await requireComponent(context, 'skopeo');
      for (const platform of platforms) {
        const [os = '', architecture = ''] = platform.split('/');
        const choice = ['--override-os', os, '--override-arch', architecture];
        const seen = await runCommand('skopeo', [...choice, 'inspect', `oci:${layout}`]);
        expect(seen.stderr).toBe('');
        const digests = report.platforms.find((one) => one.platform === platform)?.layers.map((one) => one.digest);
        expect(JSON.parse(seen.stdout)).toMatchObject({ Os: os, Architecture: architecture, Layers: digests });
      }
    });

    for (const engine of ['runc', 'namespaces'] as const) {
      test(`runs on ${engine}, answers, and ends when told`, async (context) => {
        await requireComponent(context, engine);
        const running = await runContainer(layout, example.expectation, ['--engine', engine]);
        try {
          await expectAnswers(running.url, container.requests, example.source);
        } finally {
          const start = performance.now();
          const ended = await running.process.stop();
          expect(ended.signal, 'it had to be killed').toBeNull();
          expect(performance.now() - start, 'milliseconds to end').toBeLessThan(10_000);
          for (const text of container.logs) expect(ended.stdout + ended.stderr).toContain(text);
        }
      });
    }

    test(`answers on ${foreignPlatform} under an emulator`, async (context) => {
      await requireComponent(context, 'runc');
      if (foreignPlatform === 'linux/arm64') await requireComponent(context, 'qemu-aarch64');
      else context.skip('needs a machine that runs foreign programs');
      const args = ['--engine', 'runc', '--platform', foreignPlatform];
      // Every module is compiled at the start, by an emulated Python.
      const running = await runContainer(layout, example.expectation, args, { patience: 480_000 });
      try {
        await expectAnswers(running.url, container.requests, example.source);
      } finally {
        await running.process.stop();
      }
    });
  });
}

/** The path of a file of the image behind all symbolic links; undefined where they go in circles. */
function resolvePath(entries: ReadonlyMap<string, RootfsEntry>, path: string, depth = 0): string | undefined {
  if (depth > 40) return undefined;
  let known = '';
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    const parent = known.split('/').slice(0, -1).join('/');
    const next = name === '..' ? parent : known === '' ? name : `${known}/${name}`;
    const entry = entries.get(next);
    if (entry?.type !== 'symlink') {
      known = next;
      continue;
    }
    const target = entry.linkTarget ?? '';
    const resolved = resolvePath(entries, target.startsWith('/') ? target : `${known}/${target}`, depth + 1);
    if (resolved === undefined) return undefined;
    known = resolved;
  }
  return known;
}

/** Whether something is there, in the image or in what every engine mounts. */
function isThere(entries: ReadonlyMap<string, RootfsEntry>, path: string): boolean {
  const resolved = resolvePath(entries, path);
  if (resolved === undefined) return false;
  return resolved === '' || entries.has(resolved) || /^(proc|sys|dev|run)(\/|$)/.test(resolved);
}

function danglingLinks(entries: ReadonlyMap<string, RootfsEntry>): readonly string[] {
  const links = [...entries].filter(([, entry]) => entry.type === 'symlink');
  return links.filter(([path]) => !isThere(entries, path)).map(([path, entry]) => `${path} -> ${entry.linkTarget}`);
}

/** Commands on PATH whose `#!` names an interpreter that the image lacks. */
function brokenScripts(entries: ReadonlyMap<string, RootfsEntry>): readonly string[] {
  const commands = [...entries].filter(([path]) => /^(opt\/venv|usr)\/s?bin\/[^/]+$/.test(path));
  return commands.flatMap(([path, { shebang }]) => {
    const [interpreter = '', argument = ''] = shebang?.split(/\s+/) ?? [];
    const found = interpreter.endsWith('/env')
      ? ['opt/venv/bin', 'usr/bin'].map((dir) => `${dir}/${argument}`)
      : [interpreter];
    return shebang === undefined || found.some((one) => isThere(entries, one)) ? [] : [`${path} #!${shebang}`];
  });
}
