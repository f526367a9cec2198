import { describe, expect, test } from 'vitest';
import { keptIn } from '../../../../test/support/kept-sources.ts';
import { sourcesNamedBy } from './named-commands.ts';

describe('commands', () => {
  const files = [
    'api/__init__.py',
    'api/app.py',
    'data.json',
    'gunicorn.conf.py',
    'locustfile.py',
    'main.py',
    'manage.py',
    'server/manage.py',
    'ui/app.py',
    'ui/pages/one.py',
  ];
  test.each<readonly [string, readonly string[]]>([
    ['python manage.py runserver', ['manage.py']],
    ['python ./manage.py migrate', ['manage.py']],
    ['python /app/manage.py migrate', ['manage.py']],
    ['python -m main', []],
    ['uvicorn main:app', []],
    ['celery -A api worker', []],
    ['gunicorn main:app', ['gunicorn.conf.py']],
    ['/opt/venv/bin/gunicorn -c python:api.app main:app', ['gunicorn.conf.py']],
    ['gunicorn --config=file:main.py main:app', ['gunicorn.conf.py', 'main.py']],
    ['hypercorn -c main.py api:app', ['main.py']],
    ['streamlit run ui/app.py --server.port 80', ['ui/app.py', 'ui/pages/one.py']],
    ['flask --app api/app.py run', ['api/__init__.py', 'api/app.py']],
    ['flask --app main.py:app run', ['main.py']],
    ['fastapi run', ['main.py']],
    ['fastapi run api/app.py', ['api/__init__.py', 'api/app.py']],
    ['locust', ['locustfile.py']],
    ['locust -f main.py,api/app.py', ['api/app.py', 'main.py']],
    ['marimo run main.py', ['main.py']],
    ['python nothing.py', []],
    ['env FLASK_APP=api/app.py python -m flask run', ['api/__init__.py', 'api/app.py']],
  ])('%s', (line, expected) => {
    expect(sourcesNamedBy(line.split(' '), files)).toEqual(expected);
    expect(sourcesNamedBy(['sh', '-c', `set -e; exec ${line}`], files)).toEqual(expected);
  });

  test('a command that runs in a folder below', () => {
    expect(
      sourcesNamedBy(
        ['sh', '-c', 'cd server && python manage.py'],
        files.filter((one) => one !== 'manage.py'),
      ),
    ).toEqual(['server/manage.py']);
  });

  test.each<readonly [string, string]>([
    ['Procfile', 'web: gunicorn x\nrelease: python job.py\n'],
    ['start.sh', '#!/bin/sh\n# python other.py\nexec python job.py "$@"\n'],
    ['Dockerfile', 'FROM python\nRUN python other.py\nCMD ["python", "job.py"]\n'],
    ['supervisord.conf', '[program:x]\ncommand=python /app/job.py\n'],
    ['compose.yaml', 'services:\n  a:\n    command: ["python", "job.py"]\n'],
    ['.flaskenv', 'FLASK_APP=job.py\n'],
  ])('written in %s', async (file, text) => {
    expect(await keptIn({ [file]: text, 'job.py': '', 'other.py': '', 'web.py': '' })).toEqual(['command-line job.py']);
  });

  test('what a person starts by its name', async () => {
    const manage = 'from django.core.management import execute_from_command_line\n';
    expect(
      await keptIn({ 'site/manage.py': manage, 'manage.py': 'print(1)\n', 'job.py': '#!/usr/bin/env python\n' }),
    ).toEqual(['command-line site/manage.py']);
  });

  test('the settings that gunicorn finds by itself', async () => {
    expect(await keptIn({ 'gunicorn.conf.py': 'workers = 2\n', 'app.py': '' })).toEqual([
      'command-line gunicorn.conf.py',
    ]);
  });
});
