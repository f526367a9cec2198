import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectProject, resolveEntryPoint } from '../manifest.ts';
import { makeMemoryProject } from '../memory-project.ts';

type Files = Readonly<Record<string, string>>;
const fastapi = 'from fastapi import FastAPI\napp = FastAPI()\n';

/** `kind importRoot|module:attribute` of the chosen entry point, or the code of the refusal. */
async function choose(files: Files, entryPoint?: string): Promise<string> {
  try {
    const facts = await detectProject(makeMemoryProject(files), entryPoint === undefined ? {} : { entryPoint });
    const { kind, importRoot, module, attribute } = resolveEntryPoint(facts);
    return `${kind} ${importRoot}|${module}${attribute === undefined ? '' : `:${attribute}`}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

describe('the application, found in the syntax tree', () => {
  test.each<readonly [string, Files, string]>([
    ['whatever the file is called', { 'svc/strange_name.py': fastapi }, 'asgi |svc.strange_name:app'],
    ['under an alias', { 'm.py': 'import fastapi as f\napi = f.FastAPI(title="x")\n' }, 'asgi |m:api'],
    [
      'with an annotation, inside try and if',
      {
        'm.py':
          'from fastapi import FastAPI as F\nimport os\ntry:\n    if os.name:\n        app: F = F()\nexcept ImportError:\n    raise\n',
      },
      'asgi |m:app',
    ],
    [
      'only annotated',
      { 'm.py': 'from starlette.applications import Starlette\nfrom x import build\napp: Starlette = build()\n' },
      'asgi |m:app',
    ],
    [
      'as a subclass of the project',
      {
        'base.py': 'from fastapi import FastAPI\nclass My(FastAPI):\n    pass\n',
        'm.py': 'from base import My\napp = My()\n',
      },
      'asgi |m:app',
    ],
    [
      'wrapped under its own name',
      { 'm.py': `${fastapi}from mw import anything\napp = anything(app)\n` },
      'asgi |m:app',
    ],
    [
      'wrapped under another name',
      {
        'm.py':
          'from fastapi import FastAPI\nimport socketio\napi = FastAPI()\nsio = socketio.AsyncServer()\nserver = socketio.ASGIApp(sio, other_asgi_app=api)\n',
      },
      'asgi |m:server',
    ],
    [
      'first of a tuple',
      { 'main.py': 'from fasthtml.common import *\napp, rt = fast_app()\nserve()\n' },
      'asgi |main:app',
    ],
    [
      'made by a factory of another module',
      {
        'pkg/__init__.py': 'from .make import create_app\n',
        'pkg/make.py': 'from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n',
        'wsgi.py': 'from pkg import create_app\napplication = create_app()\n',
      },
      'wsgi |wsgi:application',
    ],
    [
      'as a factory by its annotation',
      {
        'm.py': 'from litestar import Litestar\nfrom x import y\ndef build(a: int = 1) -> Litestar:\n    return y()\n',
      },
      'asgi-factory |m:build',
    ],
    [
      'as a factory by what it returns',
      { 'm.py': 'from flask import Flask\ndef create_app(config=None):\n    app = Flask("x")\n    return app\n' },
      'wsgi-factory |m:create_app',
    ],
    [
      'not as a factory that wants arguments',
      { 'm.py': 'from flask import Flask\ndef create_app(config):\n    return Flask("x")\n' },
      'ENTRY_POINT_MISSING',
    ],
    [
      'not what only looks like one',
      {
        'm.py':
          'class FastAPI: pass\napp = FastAPI()\n# app = FastAPI()\ntext = """\nfrom fastapi import FastAPI\napp = FastAPI()\n"""\n',
      },
      'ENTRY_POINT_MISSING',
    ],
    [
      'behind a Dash application',
      { 'app.py': 'from dash import Dash\napp = Dash()\nserver = app.server\n' },
      'wsgi |app:server',
    ],
    [
      'of Django: WSGI unless channels or the like is there',
      {
        'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")\n',
        'site1/__init__.py': '',
        'site1/settings.py': '',
        'site1/wsgi.py': 'from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
        'site1/asgi.py': 'from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n',
      },
      'django-wsgi |site1.wsgi:application',
    ],
    [
      'of Django with channels',
      {
        'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")\n',
        'requirements.txt': 'channels==4\n',
        'site1/settings.py': '',
        'site1/wsgi.py': 'from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
        'site1/asgi.py':
          'from django.core.asgi import get_asgi_application\nfrom channels.routing import ProtocolTypeRouter\napplication = ProtocolTypeRouter({"http": get_asgi_application()})\n',
      },
      'django-asgi |site1.asgi:application',
    ],
    [
      'in syntax newer than the parser',
      { 'm.py': 'from fastapi import FastAPI\napp = FastAPI()\ntry:\n    pass\nexcept A, B:\n    pass\n' },
      'asgi |m:app',
    ],
    [
      'in a file that is not Python throughout, by its lines',
      { 'm.py': 'from fastapi import FastAPI\ndef f():\n    inner = FastAPI()\napp = FastAPI()\nx = = 1\n' },
      'asgi |m:app',
    ],
    [
      'as a script where nothing serves',
      { 'main.py': 'if __name__ == "__main__":\n    print(1)\n' },
      'script |main.py',
    ],
    ['as a module', { 'tool/__init__.py': '', 'tool/__main__.py': 'print(1)\n' }, 'module |tool'],
    [
      'as a script that brings its own server',
      { 'main.py': 'from robyn import Robyn\napp = Robyn(__file__)\nif __name__ == "__main__":\n    app.start()\n' },
      'script |main.py',
    ],
  ])('%s', async (_title, files, expected) => {
    expect(await choose(files)).toBe(expected);
  });
});

describe('where it is imported from', () => {
  test.each<readonly [string, Files, string]>([
    [
      'a package of src/',
      { 'src/shop/__init__.py': '', 'src/shop/main.py': `from shop.db import x\n${fastapi}`, 'src/shop/db.py': '' },
      'asgi src|shop.main:app',
    ],
    ['a plain file of src/', { 'src/main.py': fastapi }, 'asgi src|main:app'],
    [
      'a plain folder that its imports name',
      { 'app/main.py': `from app.db import x\n${fastapi}`, 'app/db.py': '' },
      'asgi |app.main:app',
    ],
    [
      'a plain folder whose imports are beside it',
      { 'app/main.py': `from db import x\n${fastapi}`, 'app/db.py': '' },
      'asgi app|main:app',
    ],
    [
      'a folder further down',
      {
        'backend/app/__init__.py': '',
        'backend/app/main.py': `from app.db import x\n${fastapi}`,
        'backend/app/db.py': '',
      },
      'asgi backend|app.main:app',
    ],
    [
      'a package that src belongs to',
      { 'src/app/main.py': `from src.app.db import x\n${fastapi}`, 'src/app/db.py': '' },
      'asgi |src.app.main:app',
    ],
    [
      'relative imports want a package',
      { 'app/main.py': `from .db import x\n${fastapi}`, 'app/db.py': '' },
      'asgi |app.main:app',
    ],
    ['a folder that cannot be a module', { 'my-app/main.py': fastapi }, 'asgi my-app|main:app'],
  ])('%s', async (_title, files, expected) => {
    expect(await choose(files)).toBe(expected);
  });
});

describe('which of several', () => {
  const two = { 'a/one.py': fastapi, 'b/one.py': fastapi };

  test.each<readonly [string, Files, string]>([
    ['equals are not guessed', two, 'ENTRY_POINT_AMBIGUOUS'],
    [
      'what is installed as the distribution, rather than a plugin with a server of its own',
      {
        'pyproject.toml':
          '[project]\nname = "shop"\nversion = "1.0"\n[build-system]\nrequires = []\nbuild-backend = "setuptools.build_meta"\n[tool.setuptools]\npackages = ["shop"]\n',
        'shop/__init__.py': '',
        'shop/main.py': fastapi,
        'shop/cli.py': 'import uvicorn\ndef main():\n    uvicorn.run("shop.main:app")\n',
        'plugins/vault/echo.py': `import uvicorn\n${fastapi}if __name__ == "__main__":\n    uvicorn.run(app)\n`,
      },
      'asgi |shop.main:app',
    ],
    [
      'tests, docs and examples do not count',
      {
        ...two,
        'b/one.py': '',
        'tests/app.py': fastapi,
        'docs/app.py': fastapi,
        'examples/main.py': fastapi,
        'test_x.py': fastapi,
      },
      'asgi |a.one:app',
    ],
    ['unless nothing else is there', { 'examples/main.py': fastapi }, 'asgi |examples.main:app'],
    [
      'what another mounts is a part',
      { 'a/one.py': `${fastapi}from b.one import app as sub\napp.mount("/x", sub)\n`, 'b/one.py': fastapi },
      'asgi |a.one:app',
    ],
    [
      'uvicorn.run names it',
      { ...two, 'run.py': 'import uvicorn\nif __name__ == "__main__":\n    uvicorn.run("b.one:app", port=9001)\n' },
      'asgi |b.one:app',
    ],
    [
      'uvicorn.run has it at hand',
      { ...two, 'run.py': 'import uvicorn\nfrom b.one import app\ndef main():\n    uvicorn.run(app)\n' },
      'asgi |b.one:app',
    ],
    [
      'a Procfile names it',
      {
        ...two,
        Procfile: 'web: gunicorn -k uvicorn.workers.UvicornWorker -c python:conf b.one:app --bind 0.0.0.0:$PORT\n',
      },
      'asgi |b.one:app',
    ],
    [
      'a Dockerfile names it',
      {
        ...two,
        Dockerfile:
          'FROM a\nCMD ["uvicorn", "a.one:app"]\nFROM b\nCMD exec uv run \\\n  # comment\n  uvicorn b.one:app --port 80\n',
      },
      'asgi |b.one:app',
    ],
    [
      'a Dockerfile starts a file',
      { ...two, Dockerfile: 'FROM b\nCMD ["fastapi", "run", "b/one.py"]\n' },
      'asgi |b.one:app',
    ],
    [
      'a Dockerfile starts a console script',
      {
        ...two,
        'pyproject.toml': '[project]\nname = "x"\nversion = "1"\n[project.scripts]\nserve = "cli:main"\n',
        'cli.py': 'import uvicorn\ndef main():\n    uvicorn.run("b.one:app")\n',
        Dockerfile: 'FROM b\nCMD ["serve"]\n',
      },
      'asgi |b.one:app',
    ],
    [
      '[tool.fastapi] wins over a Dockerfile',
      {
        ...two,
        'pyproject.toml': '[tool.fastapi]\nentrypoint = "a.one:app"\n',
        Dockerfile: 'FROM b\nCMD ["uvicorn", "b.one:app"]\n',
      },
      'asgi |a.one:app',
    ],
    [
      'a command names what the sources do not show',
      { 'pkg/m.py': 'from elsewhere import thing\nsvc = thing()\n', Procfile: 'web: hypercorn pkg.m:svc\n' },
      'asgi |pkg.m:svc',
    ],
    [
      'a worker beside it is none',
      {
        'celery_worker.py': 'from flask import Flask\napp = Flask("x")\n',
        'shop.py': 'from flask import Flask\napp = Flask("x")\n',
      },
      'wsgi |shop:app',
    ],
  ])('%s', async (_title, files, expected) => {
    expect(await choose(files)).toBe(expected);
  });

  test('they are listed with file and line, and the hint is the flag', async () => {
    const facts = await detectProject(makeMemoryProject(two));
    expect(() => resolveEntryPoint(facts)).toThrowError(
      expect.objectContaining({
        message: expect.stringMatching(/a\.one:app \(a\/one\.py:2\), b\.one:app \(b\/one\.py:2\)/),
        hint: expect.stringContaining('--entrypoint a.one:app'),
      }),
    );
  });
});

describe('a named entry point', () => {
  const files = {
    'pkg/__init__.py': '',
    'pkg/m.py': `${fastapi}other = 1\n`,
    'run.py': '',
    'pyproject.toml': '[project]\nname = "x"\nversion = "1"\nscripts.serve = "pkg.m:main"\n',
  };

  test.each([
    ['pkg.m:app', 'asgi |pkg.m:app'],
    ['pkg.m:other', 'asgi |pkg.m:other'],
    ['pkg.m:app()', 'asgi |pkg.m:app'],
    ['pkg.m', 'asgi |pkg.m:app'],
    ['run.py', 'script |run.py'],
    ['serve', 'script |serve'],
    ['dependency.server:app', 'asgi |dependency.server:app'],
    ['dependency.server:make()', 'asgi-factory |dependency.server:make'],
    ['pkg.m:missing', 'ENTRY_POINT_NOT_FOUND'],
    ['pkg.none:app', 'ENTRY_POINT_NOT_FOUND'],
    ['none.py', 'ENTRY_POINT_NOT_FOUND'],
    ['none', 'ENTRY_POINT_NOT_FOUND'],
    ['a b; rm', 'ENTRY_POINT_INVALID'],
    ['../x:app', 'ENTRY_POINT_INVALID'],
  ])('%s', async (text, expected) => {
    expect(await choose(files, text)).toBe(expected);
  });
});

describe('hostile sources', () => {
  test('any text of any file gives facts or a TareError', async () => {
    const pieces = [
      'from fastapi import FastAPI\n',
      'app = ',
      'FastAPI(',
      ')',
      '\n',
      '    ',
      'def create_app():',
      'return ',
      '"""',
      "'",
      'if x:',
      'except A, B:',
      '\\',
      '@app.get("/health")',
      'uvicorn.run(',
      'lambda: ',
      '[',
      '{',
      'import ',
      'a.b',
      '\t',
      '\u0000',
      'é',
      'CMD ["',
      'web: ',
      '=',
      ':',
    ];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 40 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, text, async (source, other) => {
        const outcome = await choose({
          'm.py': source,
          'n.py': `${fastapi}${other}`,
          Dockerfile: other,
          Procfile: source,
        });
        expect(outcome).toBeTypeOf('string');
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ['deep nesting', `app = ${'('.repeat(20_000)}`],
    ['deep attributes', `app = a${'.b'.repeat(20_000)}\n`],
    ['a long line', `${fastapi}x = "${'a'.repeat(300_000)}"\n`],
    ['imports in a circle', 'from n import app as app\napp = app\n'],
  ])('%s', async (_title, source) => {
    expect(await choose({ 'm.py': source, 'n.py': `from m import app as x\n${fastapi}` })).toMatch(
      /\|[mn]:app$|AMBIGUOUS/,
    );
  });
});
