import { chmod, cp, mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { mustRun } from './command.ts';
import { rootDir } from './paths.ts';

/** Installs tare as a user would have it: the files of the package, the runtime dependencies, nothing else. */
export async function installPacked(dir: string): Promise<string> {
  await mustRun('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: rootDir });
  await mustRun('sh', ['-c', 'tar -xzf ./*.tgz && rm ./*.tgz'], { cwd: dir });
  const listed = await mustRun('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: rootDir });
  const packages = listed.split('\n').filter((path) => path.includes('node_modules'));
  for (const path of packages) {
    const destination = join(dir, 'package', relative(rootDir, path));
    await mkdir(destination, { recursive: true });
    await cp(path, destination, { recursive: true });
  }
  await chmod(dir, 0o755);
  return join(dir, 'package', 'dist', 'main.js');
}
