import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { sha256 } from '../../src/base/digest.ts';
import { parseImageConfig, renderImageConfig } from '../../src/oci/config.ts';
import { type Image, makeImage } from '../../src/oci/image.ts';
import { writeOutput } from '../../src/store/output.ts';
import { readLayout } from '../../src/store/read-layout.ts';
import { buildImage, errorReportSchema, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { copyExample, readExamples } from '../support/example.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { makeTar, type TarMember } from '../support/tar-maker.ts';

const { signal } = new AbortController();
let dir: string;
let layout: string;
let image: Image;

const reportSchema = v.object({
  image: v.string(),
  isSound: v.boolean(),
  counts: v.object({ errors: v.number(), warnings: v.number(), allowed: v.number() }),
  platforms: v.array(
    v.object({
      platform: v.string(),
      digest: v.string(),
      python: v.optional(v.string()),
      findings: v.array(
        v.object({
          code: v.string(),
          severity: v.picklist(['error', 'warning']),
          message: v.string(),
          path: v.optional(v.string()),
          chain: v.optional(v.array(v.string())),
          isAllowed: v.boolean(),
        }),
      ),
      checked: v.record(v.string(), v.number()),
    }),
  ),
});

beforeAll(async () => {
  dir = await makeTemporaryDir('verify');
  const hello = (await readExamples()).find((one) => one.name === 'fastapi-hello');
  if (hello === undefined) throw new Error('no example `fastapi-hello`');
  const project = join(dir, 'project');
  await mkdir(project);
  await copyExample(hello, project);
  layout = join(dir, 'layout');
  await buildImage(project, ['--platform', 'linux/amd64', '-o', `oci:${layout}`]);
  image = await readLayout(layout);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** `tare verify PLACE --json ARGS`. */
async function verify(place: string, ...args: readonly string[]) {
  const { code, stdout } = await runTare(['verify', place, '--json', ...args]);
  return { code, report: v.parse(reportSchema, JSON.parse(stdout)) };
}

/** The image with one more layer, as an OCI layout. */
async function broken(name: string, members: readonly TarMember[]): Promise<string> {
  const tar = makeTar(members);
  const file = join(dir, `${name}.tar`);
  await writeFile(file, tar);
  const descriptor = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    digest: sha256(tar),
    size: tar.length,
  };
  const layers = [...image.layers, { descriptor, diffId: sha256(tar), file }];
  const { created, entrypoint, ...config } = parseImageConfig(image.config, layout);
  const rendered = renderImageConfig({
    ...config,
    ...(entrypoint.length === 0 ? {} : { entrypoint }),
    created: new Date(created ?? 0),
    layers: layers.map(({ diffId }) => ({ diffId, createdBy: 'test' })),
  });
  const path = join(dir, name);
  await writeOutput({ kind: 'oci', path }, [makeImage({ config: rendered, layers })], { signal });
  return path;
}

const site = 'opt/venv/lib/python3.13/site-packages';

describe('the built example', () => {
  test('is sound', async () => {
    const { code, report } = await verify(`oci:${layout}`);
    expect(report.platforms.flatMap((one) => one.findings)).toEqual([]);
    expect(code).toBe(0);
    expect(report).toMatchObject({ isSound: true, platforms: [{ platform: 'linux/amd64', python: '3.13' }] });
    expect(report.platforms[0]?.checked['nativeRoots']).toBeGreaterThan(20);
  });

  test('is sound as text', async () => {
    const { code, stdout } = await runTare(['verify', layout]);
    expect(stdout).toContain('sound (0 errors, 0 warnings)');
    expect(code).toBe(0);
  });

  test.for(['oci-archive', 'docker-archive'] as const)(
    'is sound as another tool wrote it: %s',
    async (kind, context) => {
      await requireComponent(context, 'skopeo');
      const file = join(dir, `skopeo-${kind}.tar`);
      await mustRun('skopeo', ['copy', `oci:${layout}`, `${kind}:${file}:hello:1`]);
      const { code, report } = await verify(`${kind}:${file}`);
      expect(report).toMatchObject({ isSound: true, counts: { errors: 0, warnings: 0 } });
      expect(code).toBe(0);
    },
  );
});

describe('an image that was broken', () => {
  test('a library is gone: every way to it is told', async () => {
    const path = await broken('no-ssl', [{ name: 'usr/lib/x86_64-linux-gnu/.wh.libssl.so.3' }]);
    const { code, report } = await verify(path);
    expect(code).toBe(1);
    const findings = report.platforms[0]?.findings.filter((one) => one.code === 'library-missing') ?? [];
    expect(findings.map((one) => one.chain?.at(-1))).toContain('libssl.so.3');
    expect(findings.some((one) => one.chain?.some((link) => link.includes('/_ssl.cpython-313')) === true)).toBe(true);
  });

  test.for([
    ['shebang-missing', [{ name: 'opt/venv/bin/uvicorn', bytes: '#!/build/venv/bin/python\n', mode: 0o755 }]],
    ['bytecode-wrong', [{ name: 'app/old.pyc', bytes: Buffer.from('cb0d0d0a0000000000000000', 'hex') }]],
    ['link-dangling', [{ name: `${site}/gone.py`, flag: '2', target: '../gone.py' }]],
    ['elf-unreadable', [{ name: `${site}/cut.abi3.so`, bytes: Buffer.from('7f454c460201', 'hex') }]],
    ['entry-point-missing', [{ name: `${site}/uvicorn/.wh.main.py` }]],
    ['command-missing', [{ name: 'opt/venv/bin/.wh.uvicorn' }]],
    ['tmp-unwritable', [{ name: 'tmp', flag: '5', mode: 0o755 }]],
    ['set-id', [{ name: 'opt/venv/bin/root', bytes: 'x', mode: 0o4755 }]],
  ] as const)('%s', async ([expected, members]) => {
    const { code, report } = await verify(await broken(expected, members));
    const errors = report.platforms[0]?.findings.filter((one) => one.severity === 'error') ?? [];
    expect(new Set(errors.map((one) => one.code))).toEqual(new Set([expected]));
    expect(code).toBe(1);
  });

  test('passes where the finding is allowed', async () => {
    const path = await broken('allowed', [{ name: 'opt/venv/bin/root', bytes: 'x', mode: 0o4755 }]);
    const { code, report } = await verify(path, '--allow', 'set-id');
    expect(report.counts).toEqual({ errors: 0, warnings: 0, allowed: 1 });
    expect(code).toBe(0);
  });
});

test('what is no image is an error with a code', async () => {
  const file = join(dir, 'text.tar');
  await writeFile(file, await readFile(new URL('../../package.json', import.meta.url)));
  const { code, stdout } = await runTare(['verify', file, '--json']);
  expect(v.parse(errorReportSchema, JSON.parse(stdout)).error.code).toMatch(/^(TAR|ARCHIVE)_/);
  expect(code).toBe(1);
});
