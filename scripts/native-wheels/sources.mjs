import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const modules = {
  elf: 'elf/elf',
  tree: 'root/tree',
  loader: 'root/loader',
  folders: 'inspect/loader-folders',
  host: 'plan/knowledge/host-libraries',
};

/** The parts of tare that are held against other programs, as this Node can load them. */
export async function compileSources({ root, here }) {
  const compiled = join(here, 'compiled');
  rmSync(compiled, { recursive: true, force: true });
  const input = Object.fromEntries(
    Object.entries(modules).map(([key, path]) => [key, join(root, 'src', `${path}.ts`)]),
  );
  const bundle = await rolldown({
    input,
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith(root),
  });
  await bundle.write({ dir: compiled, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
  cpSync(join(root, 'src'), compiled, { recursive: true, filter: (source) => !source.endsWith('.ts') });
  const load = async (key) => [key, await import(pathToFileURL(join(compiled, `${key}.js`)).href)];
  return Object.fromEntries(await Promise.all(Object.keys(modules).map(load)));
}
