import { describe, expect, test } from 'vitest';
import { detectProject } from '../manifest.ts';
import { makeMemoryProject } from '../memory-project.ts';

type Files = Readonly<Record<string, string>>;
const fastapi = 'from fastapi import FastAPI\napp = FastAPI()\n';

describe('port, health and folders', () => {
  const factsOf = async (files: Files) => await detectProject(makeMemoryProject(files));

  test.each<readonly [string, Files, number, string | undefined, number | undefined]>([
    [
      'a server call',
      { 'm.py': `import os, uvicorn\n${fastapi}PORT = int(os.getenv("PORT", "8081"))\nuvicorn.run(app, port=PORT)\n` },
      8081,
      'm.py',
      5,
    ],
    ['a command', { 'm.py': fastapi, Procfile: 'web: uvicorn m:app --port ${PORT:-5001}\n' }, 5001, 'Procfile', 1],
    [
      'EXPOSE of the last stage',
      { 'm.py': fastapi, Dockerfile: 'FROM a\nEXPOSE 1\nFROM b\nEXPOSE 9000/tcp\n' },
      9000,
      'Dockerfile',
      4,
    ],
    [
      'EXPOSE rather than what a plugin elsewhere listens on',
      {
        'shop/main.py': fastapi,
        'plugins/echo.py': 'import uvicorn\nif __name__ == "__main__":\n    uvicorn.run("x:y", port=8002)\n',
        Containerfile: 'FROM a\nEXPOSE 4444\n',
      },
      4444,
      'Containerfile',
      2,
    ],
    [
      'the call of a script above the application rather than EXPOSE',
      {
        'shop/main.py': fastapi,
        'run.py': 'import uvicorn\nuvicorn.run("shop.main:app", port=8003)\n',
        Dockerfile: 'FROM a\nEXPOSE 80\n',
      },
      8003,
      'run.py',
      2,
    ],
    [
      'a settings class',
      { 'm.py': fastapi, 'conf.py': 'class Settings:\n    api_port: int = 7000\n' },
      7000,
      'conf.py',
      2,
    ],
    ['nothing', { 'm.py': fastapi }, 8000, undefined, undefined],
  ])('port by %s', async (_title, files, value, file, line) => {
    const { port } = await factsOf(files);
    expect([port.value, port.because.file, port.because.line]).toEqual([value, file, line]);
  });

  test('health: the route of the application, or of a router whose prefixes are known', async () => {
    expect(
      (await factsOf({ 'm.py': `${fastapi}@app.get("/ping")\ndef p(): ...\n@app.get("/healthz")\ndef h(): ...\n` }))
        .health?.value,
    ).toBe('/healthz');
    const router =
      'from fastapi import APIRouter\nrouter = APIRouter(prefix="/v1")\n@router.get("/health")\ndef h(): ...\n';
    expect(
      (await factsOf({ 'm.py': `${fastapi}import r\napp.include_router(r.router, prefix="/api")\n`, 'r.py': router }))
        .health?.value,
    ).toBe('/api/v1/health');
    expect(
      (
        await factsOf({
          'm.py': `${fastapi}import r\nimport conf\napp.include_router(r.router, prefix=conf.P)\n`,
          'r.py': router,
        })
      ).health,
    ).toBeUndefined();
  });

  test('static, template and data files', async () => {
    const { folders } = await factsOf({
      'app/__init__.py': '',
      'app/main.py': `from pathlib import Path\nfrom fastapi.staticfiles import StaticFiles\nfrom fastapi.templating import Jinja2Templates\n${fastapi}HERE = Path(__file__).parent\nSTATIC = HERE / "static"\napp.mount("/s", StaticFiles(directory=STATIC))\nt = Jinja2Templates("app/templates")\n`,
      'app/static/x.css': '',
      'app/templates/x.html': '',
      'app/model.onnx': 'x'.repeat(1024 * 1024),
      'app/large.py': '#'.repeat(1024 * 1024),
    });
    expect(folders.static).toMatchObject([{ value: 'app/static', because: { file: 'app/main.py', line: 8 } }]);
    expect(folders.templates).toMatchObject([{ value: 'app/templates' }]);
    expect(folders.data).toMatchObject([{ value: 'app/model.onnx' }]);
  });
});
