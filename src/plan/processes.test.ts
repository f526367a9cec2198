import { expect, test } from 'vitest';
import { planProcesses } from './processes.ts';

const entry = {
  kind: 'asgi',
  module: 'shop.main',
  attribute: 'app',
  importRoot: '',
  because: { rule: 'found' },
  score: 1,
} as const;
const inputs = { entry, port: 8000, portBecause: { rule: 'usual' }, extra: {}, procfile: [] };

test('the installed server serves the application', () => {
  expect(planProcesses({ ...inputs, installed: new Set(['uvicorn']) })['web']?.command).toEqual(
    'uvicorn shop.main:app --host 0.0.0.0 --port 8000'.split(' '),
  );
});

test.each<readonly [string, readonly string[], RegExp]>([
  ['names the extras of the project, one of which may have a server', ['dev', 'server'], /^choose .*`--extra server`/],
  ['says what to add', [], /^add uvicorn, hypercorn or granian to the dependencies/],
])('where no server is installed, the hint %s', (_title, extras, hint) => {
  expect(() => planProcesses({ ...inputs, extras, installed: new Set(['fastapi']) })).toThrow(
    expect.objectContaining({ code: 'SERVER_MISSING', hint: expect.stringMatching(hint) }),
  );
});
