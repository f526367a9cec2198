import { expect, test } from 'vitest';
import { askedNeeds, optionalNeeds } from './asked-needs.ts';

const wheel = (name: string) => ({ name, version: '5.5.0', filename: `${name}-5.5.0-py3-none-any.whl` });

test('what is known to be needed is asked for, what may be of use is offered', () => {
  const wheels = [wheel('pyodbc'), wheel('python-magic')];
  expect(askedNeeds(['tdsodbc'], undefined, wheels).map((one) => one.names[0])).toEqual(['tdsodbc', 'libmagic.so.1']);
  expect(optionalNeeds(wheels)).toMatchObject([
    { code: 'SYSTEM_OPTIONAL', message: expect.stringContaining('`libtdsodbc.so` or `psqlodbcw.so`') },
  ]);
});

test('what is there already is not offered', () => {
  expect(optionalNeeds([wheel('pyodbc')], (name) => name === 'psqlodbcw.so')).toEqual([]);
});
