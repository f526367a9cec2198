import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type SimpleIndex, startSimpleIndex } from '../../test/support/simple-index.ts';
import { runCommand } from '../../test/support/command.ts';
import { requireComponent } from '../../test/support/components.ts';
import { makeWheel, type WheelDescription } from '../../test/support/make-wheel.ts';
import { benchDir } from '../../test/support/paths.ts';
import type { LockedDistribution } from './locked.ts';
import { markerEnvironment } from './marker.ts';
import { parsePylock, selectFromPylock } from './pylock.ts';
import { isPinnedAndHashed, readRequirementsFile } from './requirements-file.ts';
import { parseUvLock, selectFromUvLock, uvLockMatches } from './uv-lock.ts';

const wheels: readonly WheelDescription[] = [
  {
    name: 'tare-test-web',
    version: '1.0',
    requires: [
      "tare-test-fast; extra == 'standard'",
      "old-only; python_version < '3.12'",
      "win; sys_platform == 'win32'",
      'tare-test-loop',
    ],
  },
  { name: 'tare-test-loop', version: '2', requires: ['tare-test-web'] },
  {
    name: 'tare-test-fast',
    version: '0.1',
    requires: ["arm; platform_machine == 'aarch64'", "tare-test-deep[all]; implementation_name == 'cpython'"],
  },
  { name: 'tare-test-deep', version: '1', requires: ["tare-test-leaf>=2; extra == 'all'"] },
  ...['1', '2', '3'].map((version) => ({ name: 'tare-test-leaf', version })),
  ...['old-only', 'win', 'arm', 'tool', 'lint'].map((name) => ({ name, version: '1' })),
  { name: 'tare-test-torch', version: '2.0' },
  { name: 'tare-test-torch', version: '1.0' },
];

const manifest = {
  name: 'Real_App',
  requiresPython: '>=3.11',
  dependencies: [
    'tare-test-web[standard] ~= 1.0',
    "tare-test-leaf<3; python_version < '3.13'",
    "tare-test-leaf>=3; python_version >= '3.13'",
  ],
  optionalDependencies: { New: ['tare-test-torch>=2'], old: ['tare-test-torch<2'] },
  dependencyGroups: { dev: ['tool', 'lint'], lint: ['lint'] },
};

const pyproject = `[project]
name = "${manifest.name}"
version = "1"
requires-python = "${manifest.requiresPython}"
dependencies = ${JSON.stringify(manifest.dependencies)}
[project.optional-dependencies]
New = ["tare-test-torch>=2"]
old = ["tare-test-torch<2"]
[dependency-groups]
dev = ["tool", { include-group = "lint" }]
lint = ["lint"]
[tool.uv]
conflicts = [[{ extra = "new" }, { extra = "old" }]]
`;

async function uv(folder: string, index: SimpleIndex, ...args: readonly string[]): Promise<string> {
  const own = join(benchDir, 'tools/bin/uv');
  const program = (await runCommand('uv', ['--version']).catch(() => undefined))?.code === 0 ? 'uv' : own;
  const env = {
    ...process.env,
    UV_PYTHON_DOWNLOADS: 'never',
    UV_NO_CONFIG: '1',
    UV_CACHE_DIR: join(folder, 'cache'),
    UV_DEFAULT_INDEX: index.url,
    UV_NO_BUILD: '1',
    UV_INDEX: undefined,
    UV_EXTRA_INDEX_URL: undefined,
    UV_FIND_LINKS: undefined,
  };
  const result = await runCommand(program, ['--directory', join(folder, 'app'), ...args], { env });
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout;
}

function shown(distributions: readonly LockedDistribution[]): string[] {
  return distributions.map(({ name, version, hashes }) => `${name} ${version} ${[...hashes].sort().join()}`);
}

describe('a lock that uv made', () => {
  test('gives what uv itself exports for each target, and is stale when the manifest changes', async (context) => {
    await requireComponent(context, 'uv', 'python3');
    const folder = await mkdtemp(join(tmpdir(), 'tare-uv-'));
    const index = await startSimpleIndex(wheels.map((each) => makeWheel(each)));
    try {
      await mkdir(join(folder, 'app'));
      await writeFile(join(folder, 'app/pyproject.toml'), pyproject);
      await uv(folder, index, 'lock', '--python', 'python3');
      const lock = parseUvLock(await readFile(join(folder, 'app/uv.lock'), 'utf8'), 'uv.lock');
      expect(uvLockMatches(lock, manifest)).toBeUndefined();
      expect(uvLockMatches(lock, { ...manifest, dependencies: manifest.dependencies.slice(1) })).toContain(
        'tare-test-web',
      );
      for (const { extras, groups } of [
        { extras: [], groups: [] },
        { extras: ['new'], groups: [] },
        { extras: ['old'], groups: ['dev'] },
      ]) {
        const chosen = [
          '--no-default-groups',
          ...extras.flatMap((each) => ['--extra', each]),
          ...groups.flatMap((each) => ['--group', each]),
        ];
        const common = ['export', '--frozen', '--no-emit-project', ...chosen];
        const requirements = await uv(folder, index, ...common, '--format', 'requirements-txt');
        const pylock = parsePylock(await uv(folder, index, ...common, '--format', 'pylock.toml'), 'pylock.toml');
        const file = await readRequirementsFile(async () => requirements, 'requirements.txt');
        for (const python of ['3.11', '3.12', '3.13']) {
          for (const architecture of ['x86_64', 'aarch64'] as const) {
            const environment = markerEnvironment({ python, architecture });
            const mine = shown(selectFromUvLock(lock, { environment, extras, groups }));
            const pinned = isPinnedAndHashed(file, environment);
            expect(mine).toEqual(pinned.pinned ? shown(pinned.distributions) : pinned.because);
            expect(mine).toEqual(shown(selectFromPylock(pylock, { environment, extras: [] })));
            expect(mine.length).toBeGreaterThan(4);
          }
        }
      }
    } finally {
      await index.stop();
      await rm(folder, { recursive: true });
    }
  });
});
