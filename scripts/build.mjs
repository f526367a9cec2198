// Compiles src/ to dist/: declarations, and a few bundles, because loading some 300 small modules takes longer than a build
// that has nothing to do. Dependencies stay outside. Data files go along.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit', cwd: root });
const bundle = await rolldown({
  input: {
    main: join(root, 'src/cli/main.ts'),
    index: join(root, 'src/index.ts'),
    'layer-job': join(root, 'src/build/layer-job.ts'),
  },
  platform: 'node',
  external: (id) => !id.startsWith('.') && !id.startsWith(root),
});
// One flat folder: `base/own-files.ts` relies on it.
await bundle.write({ dir: dist, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
cpSync(join(root, 'src'), dist, { recursive: true, filter: (source) => !source.endsWith('.ts') });
chmodSync(join(dist, 'main.js'), 0o755);
