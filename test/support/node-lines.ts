import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './command.ts';
import { benchDir } from './paths.ts';

/** The program of another line of Node (`22`), brought by npm and kept between runs. */
export async function installNode(major: number): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(benchDir, `node${major}`);
  const program = join(folder, 'node_modules', name, 'bin', 'node');
  const isThere = await access(program).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    await mustRun('npm', ['install', '--prefix', folder, ...flags, `${name}@${major}`]);
  }
  const version = await mustRun(program, ['--version']);
  if (!version.startsWith(`v${major}.`)) throw new Error(`${program} is ${version.trim()}`);
  return program;
}
