import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const source = fileURLToPath(new URL('../src', import.meta.url));

/** Parts of tare, as this Node can load them: `{ elf: 'elf/elf' }` gives `{ elf }` with the module of `src/elf/elf.ts`. */
export async function compileSources(compiled, modules) {
  rmSync(compiled, { recursive: true, force: true });
  const input = Object.fromEntries(Object.entries(modules).map(([key, path]) => [key, join(source, `${path}.ts`)]));
  const external = (id) => !id.startsWith('.') && !id.startsWith(source);
  const bundle = await rolldown({ input, platform: 'node', external });
  await bundle.write({ dir: compiled, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
  cpSync(source, compiled, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  const load = async (key) => [key, await import(pathToFileURL(join(compiled, `${key}.js`)).href)];
  return Object.fromEntries(await Promise.all(Object.keys(modules).map(load)));
}
