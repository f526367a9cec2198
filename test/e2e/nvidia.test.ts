import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { buildImage, runTare } from '../support/cli.ts';
import { makeElf } from '../support/elf-maker.ts';
import { writeProject } from '../support/example.ts';
import { readLayout } from '../support/image.ts';
import { makeWheel, pinned } from '../support/make-wheel.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { indexEnvironment, startSimpleIndex } from '../support/simple-index.ts';

let dir: string;
beforeAll(async () => {
  dir = await makeTemporaryDir('nvidia');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const tag = 'py3-none-manylinux_2_17_x86_64';
const folder = '/opt/venv/lib/python3.13/site-packages/nvidia/cublas/lib';

test("a wheel that looks for NVIDIA's libraries by name alone finds those of their wheels", async () => {
  const runtime = makeWheel({
    name: 'onnxruntime-gpu',
    version: '1.0',
    tag,
    files: {
      'onnxruntime/__init__.py': '',
      'onnxruntime/capi/libonnxruntime_providers_cuda.so': makeElf({ needed: ['libcublas.so.12', 'libc.so.6'] }),
    },
  });
  const cublas = makeWheel({
    name: 'nvidia-cublas-cu12',
    version: '12.0',
    tag,
    files: { 'nvidia/cublas/lib/libcublas.so.12': makeElf({ soname: 'libcublas.so.12', needed: ['libc.so.6'] }) },
  });
  const index = await startSimpleIndex([runtime, cublas]);
  onTestFinished(() => index.stop());
  const project = await writeProject(await mkdtemp(join(dir, 'app-')), {
    'main.py': 'print(1)\n',
    'requirements.txt': pinned(runtime) + pinned(cublas),
    'tare.toml': 'entrypoint = "main.py"\npython = "3.13"\n',
  });
  const layout = join(dir, 'image');
  await buildImage(project, ['--platform', 'linux/amd64', '-o', `oci:${layout}`], { env: indexEnvironment(index.url) });
  const [image] = (await readLayout(layout)).values();
  expect(image?.config.config.Env).toContain(`LD_LIBRARY_PATH=${folder}`);
  const verified = await runTare(['verify', `oci:${layout}`, '--json']);
  expect(verified.stdout).not.toContain('libcublas');
});
