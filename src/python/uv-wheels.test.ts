import { expect, test } from 'vitest';
import { type Machine, machinePlatforms, type TagTarget } from './tags.ts';
import { pinnedUv, renderPinnedUvRequirement, uvRequirementFor } from './uv-wheels.ts';

const target = (architecture: Machine, minor = 41): TagTarget => ({
  python: '3.13',
  glibc: { major: 2, minor },
  architecture,
});
const { version, wheels } = pinnedUv;

test('every platform of an image has its own wheel', () => {
  const lines = (Object.keys(machinePlatforms) as Machine[]).map((machine) => uvRequirementFor([target(machine)]));
  expect(new Set(lines).size).toBe(Object.keys(machinePlatforms).length);
  for (const line of lines) expect(line).toMatch(/^uv==\d+\.\d+\.\d+(?: --hash=sha256:[0-9a-f]{64})+$/);
});

test('only wheels that fit the C library, each once', () => {
  const hash = (name: keyof typeof wheels): string => `--hash=sha256:${wheels[name]}`;
  const older = hash('manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64');
  expect(uvRequirementFor([target('aarch64', 27)])).toBe(`uv==${version} ${older}`);
  const newer = `uv==${version} ${older} ${hash('manylinux_2_28_aarch64')}`;
  expect(uvRequirementFor([target('aarch64', 28), target('aarch64')])).toBe(newer);
  expect(uvRequirementFor([target('x86_64'), target('riscv64', 28)])).toBeUndefined();
});

test('a machine may take any of them', () => {
  for (const hash of Object.values(wheels)) expect(renderPinnedUvRequirement()).toContain(`--hash=sha256:${hash}`);
});
