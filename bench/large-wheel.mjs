// Memory of a build with one wheel that is larger than the memory that a build may have.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, copyFileSync, createReadStream, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { build, root } from './tare-process.mjs';

/** The first that the configured index has, the one of some 500 MB before the smaller ones. */
const wanted = ['torch', 'nvidia-cublas-cu12', 'tensorflow', 'pyspark'];
const store = join(root, '.bench', 'large');

/** Undefined where no such wheel can be had. */
export async function measureLargeWheel(folder) {
  const filename = findWheel() ?? fetchWheel();
  if (filename === undefined) return undefined;
  const project = join(folder, 'large');
  mkdirSync(project);
  copyFileSync(join(store, filename), join(project, filename), constants.COPYFILE_FICLONE);
  const sha256 = createHash('sha256');
  await pipeline(createReadStream(join(store, filename)), sha256);
  const [name, version] = filename.split('-');
  // A lock is taken as it is: nothing that the wheel needs comes along.
  const lock = `lock-version = "1.0"
created-by = "bench"
[[packages]]
name = "${name.toLowerCase().replaceAll(/[-_.]+/g, '-')}"
version = "${version}"
wheels = [{ name = "${filename}", path = "${filename}", hashes = { sha256 = "${sha256.digest('hex')}" } }]
`;
  writeFileSync(join(project, 'pylock.toml'), lock);
  writeFileSync(join(project, 'app.py'), 'print(1)\n');
  writeFileSync(join(project, '.python-version'), '3.13\n');
  writeFileSync(join(project, 'tare.toml'), `entrypoint = "app.py"\nexclude = ["*.whl"]\n`);
  // NVIDIA's libraries are in wheels of their own, which this lock leaves out.
  const args = ['--platform', 'linux/amd64', '--allow', 'library-missing'];
  const { report, ...used } = build(folder, project, args);
  const layer = report.platforms[0].layers.find(({ kind }) => kind === 'wheels');
  const { size } = statSync(join(store, filename));
  return { filename, size, layerSize: layer.size, unpackedSize: layer.unpackedSize, ...used, ratio: used.peak / size };
}

function findWheel() {
  mkdirSync(store, { recursive: true });
  return readdirSync(store).find((name) => name.endsWith('.whl'));
}

function fetchWheel() {
  const target = ['--only-binary=:all:', '--no-deps', '--python-version', '3.13'];
  const platforms = ['2_28', '2_27', '2_17'].flatMap((glibc) => ['--platform', `manylinux_${glibc}_x86_64`]);
  for (const name of wanted) {
    try {
      execFileSync('python3', ['-m', 'pip', 'download', '--quiet', ...target, ...platforms, '--dest', store, name], {
        stdio: 'ignore',
        timeout: 900_000,
      });
    } catch {
      continue;
    }
    const found = findWheel();
    if (found !== undefined) return found;
  }
  return undefined;
}
