import { expect, test } from 'vitest';
import { parseBuildRules } from '../../python/build-rules.ts';
import { readPermission } from './permission.ts';

const context = (platform: string) => ({ host: { platform, arch: 'x64' } });
const rules = parseBuildRules({ env: {}, tool: { 'no-build-package': ['never-this'] }, onlyBinary: [] });
const origins = { buildWheels: { rule: 'the setting `build-wheels`' } };

test('what is named may be built, unless uv or pip forbid it', () => {
  const all = readPermission(context('linux'), { buildWheels: 'auto', origins }, rules);
  expect([all.isAllowed('Any_Thing'), all.isAllowed('never_this')]).toEqual([true, false]);
  expect(all.forbids('never-this')).toContain('no-build-package');
  const some = readPermission(context('linux'), { buildWheels: ['Any.thing'], origins }, rules);
  expect([some.isAllowed('any-thing'), some.isAllowed('other')]).toEqual([true, false]);
  expect(some.forbids('other')).toContain('build-wheels');
  expect(readPermission(context('linux'), { buildWheels: 'never', origins }, rules).isAllowed('x')).toBe(false);
});

test('elsewhere than on Linux nothing is built', () => {
  const permission = readPermission(context('darwin'), { buildWheels: 'auto', origins }, rules);
  expect(permission.isAllowed('x')).toBe(false);
  expect(permission.forbids('x')).toContain('Linux');
});
