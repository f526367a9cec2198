import { describe, expect, test } from 'vitest';
import { keptIn, needsIn } from '../../../../test/support/kept-sources.ts';

type Files = Readonly<Record<string, string>>;

describe('Alembic', () => {
  const env = 'from alembic import context\n';
  const revisions = { 'migrations/env.py': env, 'migrations/versions/1_a.py': 'revision = "1"\n', 'app.py': '' };
  const kept = ['alembic migrations/versions/1_a.py'];
  test.each<readonly [string, Files]>([
    ['without any setting', {}],
    ['alembic.ini', { 'alembic.ini': '[alembic]\nscript_location = migrations\n' }],
    ['here', { 'alembic.ini': '[alembic]\nscript_location = %(here)s/migrations\nsourceless = false\n' }],
    ['Flask-Migrate', { 'migrations/alembic.ini': '[alembic]\n# sourceless = true\n' }],
    ['pyproject.toml', { 'pyproject.toml': '[tool.alembic]\nscript_location = "%(here)s/migrations"\n' }],
    ['another spelling of true', { 'alembic.ini': '[alembic]\nscript_location = migrations\nsourceless = True\n' }],
    [
      'a setting of another section',
      { 'alembic.ini': '[alembic]\nscript_location = migrations\n[x]\nsourceless = true\n' },
    ],
  ])('keeps its revisions: %s', async (_name, files) => {
    expect(await keptIn({ ...revisions, ...files })).toEqual(kept);
  });

  test.each<readonly [string, Files]>([
    ['alembic.ini', { 'alembic.ini': '[alembic]\nscript_location = migrations\nsourceless = true\n' }],
    ['Flask-Migrate', { 'migrations/alembic.ini': '[alembic]\nsourceless=true\n' }],
    ['pyproject.toml', { 'pyproject.toml': '[tool.alembic]\nscript_location = "migrations"\nsourceless = true\n' }],
  ])('keeps nothing where it is told sourceless: %s', async (_name, files) => {
    expect(await keptIn({ ...revisions, ...files })).toEqual([]);
  });

  test('revisions in a package, and in other folders', async () => {
    const files = {
      'alembic.ini': '[alembic]\nscript_location = pkg:db\nversion_locations = pkg/more %(here)s/extra\n',
      'pkg/__init__.py': '',
      'pkg/db/env.py': env,
      'pkg/db/versions/1.py': '',
      'pkg/more/2.py': '',
      'extra/3.py': '',
      'extra/deep/4.py': '',
    };
    expect(await keptIn(files)).toEqual([
      'alembic extra/3.py',
      'alembic pkg/db/versions/1.py',
      'alembic pkg/more/2.py',
    ]);
  });

  test('the reason is the line of the setting', async () => {
    const [need] = await needsIn({ ...revisions, 'alembic.ini': '[alembic]\n\nscript_location = migrations\n' });
    expect(need?.because).toMatchObject({ file: 'alembic.ini', line: 3 });
  });

  test('migrations of Django are found as bytecode', async () => {
    const text = 'from django.db import migrations\nclass Migration(migrations.Migration): ...\n';
    expect(await keptIn({ 'shop/migrations/0001_initial.py': text, 'shop/migrations/__init__.py': '' })).toEqual([]);
  });

  test('yoyo and peewee-migrate', async () => {
    expect(await keptIn({ 'm/0001.py': 'from yoyo import step\nsteps = [step("")]\n' })).toEqual([
      'migrations m/0001.py',
    ]);
    expect(await keptIn({ 'm/001_a.py': 'def migrate(migrator, database): ...\n', 'm/b.py': '' })).toEqual([
      'migrations m/001_a.py',
    ]);
  });
});
