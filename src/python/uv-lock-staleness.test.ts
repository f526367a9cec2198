import { describe, expect, test } from 'vitest';
import { parseUvLock, type UvLockManifest, uvLockMatches } from './uv-lock.ts';

const lock = parseUvLock(
  `version = 1
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }

[package.metadata]
requires-dist = [
    { name = "forked", specifier = ">=1" },
    { name = "member", editable = "libs/member" },
    { name = "numbers", marker = "extra == 'cpu'" },
    { name = "numbers", marker = "extra == 'gpu'" },
    { name = "torch", specifier = ">=2" },
    { name = "web", extras = ["standard"], specifier = ">=1" },
    { name = "windows", marker = "sys_platform == 'win32'" },
]
provides-extras = ["cpu", "gpu"]

[package.metadata.requires-dev]
dev = [{ name = "pytest", specifier = ">=8" }]
lint = [{ name = "ruff" }]
`,
  'uv.lock',
);

describe('uvLockMatches', () => {
  const manifest: UvLockManifest = {
    name: 'App',
    requiresPython: '>=3.11',
    dependencies: [
      'Web[standard] >= 1.0',
      'torch>=2',
      "windows; sys_platform=='win32'",
      'forked>=1',
      'member',
      "ancient; python_version < '3.9'",
    ],
    optionalDependencies: { cpu: ['numbers'], gpu: ['numbers'] },
    dependencyGroups: { dev: ['pytest>=8'], lint: ['ruff'] },
  };

  test('another spelling of the same is the same', () => {
    expect(uvLockMatches(lock, manifest)).toBeUndefined();
  });

  test('a range of Python between two releases does not hide a change', () => {
    const narrow = { ...manifest, requiresPython: '>=3.11.2,<3.11.4' };
    const locked = parseUvLock(
      'version = 1\nrequires-python = ">=3.11.2,<3.11.4"\n[[package]]\nname = "app"\nsource = { virtual = "." }',
      'uv.lock',
    );
    expect(uvLockMatches(locked, narrow)).toContain('Web[standard]');
  });

  test.each([
    [{ dependencies: [...manifest.dependencies, 'new'] }, '`new`'],
    [{ dependencies: manifest.dependencies.slice(1) }, 'web'],
    [{ dependencies: ['web[standard]>=2', ...manifest.dependencies.slice(1)] }, '`web[standard]>=2`'],
    [{ dependencies: ['web>=1', ...manifest.dependencies.slice(1)] }, '`web>=1`'],
    [{ dependencies: manifest.dependencies.map((text) => text.replace('win32', 'darwin')) }, 'windows'],
    [{ optionalDependencies: { cpu: ['numbers'] } }, 'numbers'],
    [{ dependencyGroups: { dev: ['pytest>=8'] } }, 'lint'],
    [{ requiresPython: '>=3.12' }, 'requires-python'],
    [{ name: 'other' }, '`other`'],
  ] satisfies [Partial<UvLockManifest>, string][])('%j is stale: %s', (change, reason) => {
    expect(uvLockMatches(lock, { ...manifest, ...change })).toContain(reason);
  });
});
