import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptIn, needsIn } from '../../../test/support/kept-sources.ts';
import { rootDir } from '../../../test/support/paths.ts';
import { detectProject } from '../manifest.ts';
import { makeMemoryProject } from '../memory-project.ts';
import { openProject } from '../project.ts';
import { sourcesNamedBy } from './source-needs.ts';

describe('Streamlit', () => {
  test('takes the pages beside its script', async () => {
    const files = {
      'ui/app.py': 'import streamlit as st\n',
      'ui/pages/one.py': '',
      'ui/x.py': '',
      'pages/other.py': '',
    };
    expect(await keptIn(files)).toEqual(['streamlit ui/pages/one.py']);
  });
});

describe('the sample applications', () => {
  // Started by hand with all others as bytecode, they answer as before; without these sources, no revision is applied and no plug-in is
  // found by the one (`flask db upgrade` exits with 0), and the other does not start: "cannot cache function".
  test.each<readonly [string, readonly string[]]>([
    [
      'flask-migrations',
      [
        'migrations/versions/0001_notes.py',
        'migrations/versions/0002_author.py',
        'plugins/__init__.py',
        'plugins/bold.py',
        'plugins/links.py',
      ],
    ],
    ['numba-cached', ['kernels.py']],
  ])('%s', async (name, expected) => {
    const project = await openProject(join(rootDir, 'test/applications', name));
    const { sourceNeeds } = await detectProject(project, { sourceNeeds: true });
    expect([...new Set(sourceNeeds.map(({ path }) => path))]).toEqual(expected);
  });
});

describe('the facts of a project', () => {
  const files = { 'app.py': 'import glob\nglob.glob("plugins/*.py")\n', 'plugins/a.py': '' };
  test('have them where they are asked for', async () => {
    expect((await detectProject(makeMemoryProject(files), { sourceNeeds: true })).sourceNeeds).toHaveLength(1);
    expect((await detectProject(makeMemoryProject(files))).sourceNeeds).toEqual([]);
  });
});

describe('odd sources', () => {
  test.each([
    ['no Python', 'glob.glob("*.py"'],
    ['names bound in circles', 'import glob\na = b + a\nb = a / b\nglob.glob(a + "/*.py")\nexec(open(b).read())\n'],
    [
      'names bound to many others',
      `import glob\n${'abcdefgh'.replaceAll(/./g, (one) => `${one} = ${Array(60).fill('z + z').join(' or ')}\nz = ${one}\n`)}glob.glob(a)\n`,
    ],
    ['functions that call themselves', 'import glob\ndef f():\n    return f() + f()\nglob.glob(f())\n'],
    ['imports in circles', 'from m import x as y, y as x\nimport inspect\ninspect.getsource(x)\n@y\ndef f(): ...\n'],
    [
      'calls without arguments',
      'import glob, inspect, os, runpy\nfrom numba import njit\nglob.glob()\nos.listdir()\ninspect.getsource()\nrunpy.run_path()\nnjit()\nx.glob()\nx.iterdir(1)\n',
    ],
    [
      'wildcards without end',
      `import glob\nglob.glob("${'*a'.repeat(400)}.py")\nglob.glob("${'**/'.repeat(300)}*.py")\nglob.glob("[*.py")\n`,
    ],
    [
      'a path with holes',
      'import os\nexec(open("\\0.py").read())\nexec(open("\\1/\\0/x.py").read())\nexec(open("//..//../.py").read())\n',
    ],
    [
      'a name of the language',
      'import glob\nglob.glob(constructor + "/*.py")\n__proto__ = 1\nself.constructor.glob("*.py")\n',
    ],
  ])('%s break nothing', async (_name, text) => {
    await expect(needsIn({ 'm.py': text, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab.py': '' })).resolves.toBeInstanceOf(
      Array,
    );
  });

  const pieces = fc.constantFrom(
    'import glob, os, inspect, runpy\n',
    'from numba import njit\n',
    'from .m import *\n',
    'from m import f as g\n',
    'x = ',
    'f(',
    ')',
    '@njit(cache=True)\n',
    'def f(a, *b, c=1, **d):\n    ',
    'class A(f):\n    ',
    'glob.glob(x + "/*.py")',
    'os.listdir(',
    '"*.py"',
    '__file__',
    'inspect.getsource(f)',
    'runpy.run_path(',
    'os.path.join(x, ',
    '\n',
    'self.x',
    ' / ',
    '.parents[1]',
    'lambda: ',
    '[:-3]',
    'use_attribute_docstrings=True',
    '**',
    '.glob("',
    'torch.jit.script(A())',
    '\n    return ',
    'with open(x) as f: pass\n',
  );
  test('any text gives files of the project only', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, text, async (one, other) => {
        const files = {
          'm.py': one,
          'pkg/n.py': other,
          'alembic.ini': one,
          Procfile: other,
          'pkg/env.py': `alembic ${one}`,
        };
        for (const { path, because } of await needsIn(files)) {
          expect(Object.keys(files)).toContain(path);
          expect(because.rule).not.toBe('');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('any command names files of the project only', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('sh', '-c', 'a.py', '/x/a.py', 'gunicorn'))),
        (command) => {
          for (const path of sourcesNamedBy(command, ['a.py', 'b/c.py', 'd.txt']))
            expect(['a.py', 'b/c.py']).toContain(path);
        },
      ),
    );
  });
});
