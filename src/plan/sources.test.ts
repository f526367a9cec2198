import { expect, test } from 'vitest';
import { linkedSources, planSources, type SourceInputs } from './sources.ts';

const paths = ['manage.py', 'shop/__init__.py', 'shop/main.py', 'shop/plugins/one.py', 'shop/data.json'];

function plan(given: Partial<SourceInputs['settings']>, needs: SourceInputs['needs'] = []) {
  const settings = {
    user: 'root',
    env: {},
    labels: {},
    workdir: '/app',
    processes: {},
    bytecode: 'all' as const,
    sources: 'strip' as const,
    keepSources: [],
    stripSources: [],
    origins: {},
    ...given,
  };
  const group = {
    kind: 'application',
    destination: '/app',
    strip: '',
    paths,
    bytes: 1,
    because: { rule: 'x' },
  } as const;
  return planSources({ settings, files: { groups: [group], leftOut: [] }, needs });
}

const plugin = { path: 'shop/plugins/one.py', because: { file: 'shop/main.py', line: 7, rule: '`glob` lists it' } };

test('without a wish nothing is stripped, whatever needs its source', () => {
  expect(plan({ sources: 'keep' }, [plugin])).toMatchObject({ mode: 'keep', kept: [] });
});

test('stripped, what something needs as text stays, with the reason', () => {
  expect(plan({}, [plugin]).kept).toEqual([plugin]);
});

test('what is no module of the application is no matter', () => {
  const others = [
    { path: 'shop/data.json', because: { rule: 'x' } },
    { path: 'tests/test_main.py', because: { rule: 'x' } },
  ];
  expect(plan({}, others).kept).toEqual([]);
});

test('a person can keep more', () => {
  const { kept } = plan({ keepSources: ['shop/*.py'] }, [plugin]);
  expect(kept.map((one) => one.path)).toEqual(['shop/__init__.py', 'shop/main.py', 'shop/plugins/one.py']);
  expect(kept[0]?.because.rule).toBe('`keep-sources`: `shop/*.py`');
});

test('a person can strip what needs its source, and is warned with the line', () => {
  const { kept, warnings } = plan({ stripSources: ['shop/plugins/'] }, [plugin]);
  expect(kept).toEqual([]);
  expect(warnings).toEqual([
    {
      code: 'SOURCE_STRIPPED',
      message:
        '`shop/plugins/one.py` is stripped as asked, and may fail without its source: `glob` lists it (shop/main.py:7)',
      hint: 'take it out of `strip-sources` to keep it',
    },
  ]);
});

test('where it is not known what is read, a person is asked to look', () => {
  const reader = { ...plugin, isUncertain: true as const };
  for (const given of [{}, { keepSources: ['shop/plugins/'] }]) {
    expect(plan(given, [reader]).warnings.map((one) => [one.code, one.message])).toEqual([
      ['SOURCE_UNCERTAIN', 'which sources are read is seen at run time only: `glob` lists it (shop/main.py:7)'],
    ]);
  }
});

test('what a link leads to stays, as a link to it would lead nowhere', () => {
  const links = linkedSources([{ path: 'shop/alias.py', linkTarget: '../manage.py' }, { path: 'shop/main.py' }]);
  expect(plan({}, links).kept).toEqual([
    { path: 'manage.py', because: { file: 'shop/alias.py', rule: 'a symbolic link leads to it' } },
  ]);
});

test('keeping wins over stripping', () => {
  const { kept, warnings } = plan({ keepSources: ['shop/plugins/'], stripSources: ['shop/plugins/'] }, [plugin]);
  expect(kept.map((one) => one.path)).toEqual(['shop/plugins/one.py']);
  expect(warnings).toEqual([]);
});
