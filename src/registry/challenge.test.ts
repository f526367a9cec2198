import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

const parsed = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('WWW-Authenticate', () => {
  test('as registries send it', () => {
    expect(
      parsed(
        'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:samalba/my-app:pull,push"',
      ),
    ).toEqual([
      [
        'bearer',
        {
          realm: 'https://auth.example/token',
          service: 'registry.example',
          scope: 'repository:samalba/my-app:pull,push',
        },
      ],
    ]);
    expect(parsed('Basic realm="Registry Realm"')).toEqual([['basic', { realm: 'Registry Realm' }]]);
  });

  test('the examples of RFC 9110, 11.6.1', () => {
    expect(parsed('Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""')).toEqual([
      ['basic', { realm: 'simple' }],
      ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
    ]);
  });

  test.each([
    ['Negotiate', [['negotiate', {}]]],
    [
      'Negotiate YII=, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [' , Basic  realm = "x" ,, charset="UTF-8" , ', [['basic', { realm: 'x', charset: 'UTF-8' }]]],
    ['BEARER Realm="https://a.example/",REALM="https://b.example/"', [['bearer', { realm: 'https://a.example/' }]]],
    ['Bearer realm="a,b Basic realm=c"', [['bearer', { realm: 'a,b Basic realm=c' }]]],
    ['Bearer realm="open', [['bearer', {}]]],
    ['', []],
    ['"quoted"', []],
    ['=', []],
  ])('%s', (header, expected) => {
    expect(parsed(header)).toEqual(expected);
  });

  test('any text is read to an end', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(?:[a-z]+ ?|[ ,="\\]|[a-z]+=)*$/)), (header) => {
        for (const { scheme } of parseChallenges(header)) expect(scheme).not.toBe('');
      }),
    );
  });

  test('what is written is read', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
    const challenge = fc.tuple(
      word,
      fc.uniqueArray(fc.tuple(word, fc.string()), { selector: ([name]) => name, minLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(challenge), (challenges) => {
        const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
        const header = challenges
          .map(
            ([scheme, parameters]) =>
              `${scheme} ${parameters.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}`,
          )
          .join(', ');
        expect(parseChallenges(header).map((one) => [one.scheme, [...one.parameters]])).toEqual(challenges);
      }),
    );
  });

  test('a long hostile header takes no long time', () => {
    expect(parseChallenges(`Bearer realm="${'\\'.repeat(200_000)}`).length).toBe(1);
    expect(parseChallenges('a '.repeat(100_000)).length).toBeGreaterThan(0);
  });
});
