import { describe, expect, test } from 'vitest';
import { type BuildRuleInputs, parseBuildRules } from './build-rules.ts';

const rulesOf = (inputs: Partial<BuildRuleInputs>) =>
  parseBuildRules({ env: {}, tool: undefined, onlyBinary: [], ...inputs });

test('nothing is forbidden where nobody says so', () => {
  expect(rulesOf({}).forbidding('x')).toBeUndefined();
  expect(rulesOf({ tool: 'no table', env: { UV_NO_BUILD: '0' } }).forbidding('x')).toBeUndefined();
});

describe('what forbids to build a package', () => {
  test.each<[Partial<BuildRuleInputs>, RegExp]>([
    [{ tool: { 'no-build': true } }, /no-build.* uv/],
    [{ tool: { 'no-build-package': ['X.y'] } }, /no-build-package/],
    [{ tool: { pip: { 'only-binary': [':all:'] } } }, /pip\.only-binary/],
    [{ env: { UV_NO_BUILD: 'true' } }, /UV_NO_BUILD/],
    [{ env: { UV_NO_BUILD_PACKAGE: 'a x-y' } }, /UV_NO_BUILD_PACKAGE/],
    [{ env: { PIP_ONLY_BINARY: 'a,X_y' } }, /PIP_ONLY_BINARY/],
    [{ pipOnlyBinary: ':all:' }, /pip/],
    [{ onlyBinary: ['x-y'] }, /requirements file/],
  ])('%o', (inputs, rule) => {
    expect(rulesOf(inputs).forbidding('x-y')).toMatch(rule);
  });

  test('of names only those; `:none:` takes back what stands before it', () => {
    const rules = rulesOf({ env: { PIP_ONLY_BINARY: 'a,:none:,b' } });
    expect([rules.forbidding('a'), rules.forbidding('c')]).toEqual([undefined, undefined]);
    expect(rules.forbidding('b')).toBeDefined();
  });
});
