import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderDistInfo } from './distribution.ts';
import { detectProject } from './manifest.ts';
import { makeMemoryProject } from './memory-project.ts';

const program = `
import importlib.metadata as m, json, sys
sys.path.insert(0, sys.argv[1])
d = m.distribution(sys.argv[2])
keys = ['Name', 'Version', 'Summary', 'Requires-Python', 'Author-email', 'Author', 'License', 'Keywords', 'Description-Content-Type']
points = sorted([p.group, p.name, p.value] for p in d.entry_points)
body = d.metadata.get('Description') or d.metadata.get_payload()
print(json.dumps({
  'fields': {k: d.metadata[k] for k in keys if d.metadata[k] is not None},
  'requires': d.requires, 'extras': d.metadata.get_all('Provides-Extra'), 'urls': d.metadata.get_all('Project-URL'),
  'classifiers': d.metadata.get_all('Classifier'), 'points': points, 'body': body, 'top': d.read_text('top_level.txt'), 'wheel': d.read_text('WHEEL'),
}))
`;

/** What Python's own importlib.metadata reads from the rendered folder. */
async function readByPython(files: Readonly<Record<string, string>>, name: string) {
  const project = makeMemoryProject(files);
  const { distribution } = await detectProject(project);
  if (distribution === undefined) throw new Error('no distribution');
  const root = await mkdtemp(join(tmpdir(), 'tare-dist-info-'));
  try {
    for (const { path, text } of await renderDistInfo(project, distribution)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    return JSON.parse(execFileSync('python3', ['-c', program, root, name], { encoding: 'utf8' }));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

describe('the metadata of the project, as importlib.metadata reads it', () => {
  test('names addresses without the words that open them', async () => {
    const dependencies = [
      'a @ git+https://jo:t0ken@git.example/a',
      'b @ https://t0ken@b.example/b.whl',
      'c @ git+ssh://git@c.example/c',
    ];
    const pyproject = `[project]\nname = "shop"\nversion = "1"\ndependencies = ${JSON.stringify(dependencies)}\n`;
    const read = await readByPython(
      { 'pyproject.toml': `${pyproject}[build-system]\nrequires = []\n`, 'src/shop/__init__.py': '' },
      'shop',
    );
    expect(read.requires).toEqual([
      'a @ git+https://git.example/a',
      'b @ https://b.example/b.whl',
      'c @ git+ssh://git@c.example/c',
    ]);
  });

  test('of a [project] table', async () => {
    const read = await readByPython(
      {
        'pyproject.toml': `[project]
name = "My.Shop"
version = "1.0"
description = """Sells
things"""
readme = "README.md"
requires-python = ">=3.11"
license = {text = "MIT"}
keywords = ["a", "b"]
authors = [{name = "Ann"}, {name = "Bo Ü", email = "bo@shop.example"}]
classifiers = ["Private :: Do Not Upload"]
dependencies = ["httpx>=0.27", "numpy ; python_version < '4'"]
urls = {Home = "https://shop.example/"}
[project.optional-dependencies]
fast = ["uvloop ; sys_platform == 'linux' or sys_platform == 'darwin'", "orjson"]
all = ["my-shop[fast]"]
[project.scripts]
shop = "my_shop.cli:main"
[project.gui-scripts]
shop-gui = "my_shop.gui:main"
[project.entry-points."shop.plugins"]
one = "my_shop.one"
[build-system]
requires = []
build-backend = "hatchling.build"
`,
        'README.md': '# Shop\n\nFrom: nobody\n',
        'src/my_shop/__init__.py': '',
      },
      'my-shop',
    );
    expect(read.fields).toEqual({
      Name: 'My.Shop',
      Version: '1.0',
      Summary: 'Sells things',
      'Requires-Python': '>=3.11',
      Author: 'Ann',
      'Author-email': 'Bo Ü <bo@shop.example>',
      License: 'MIT',
      Keywords: 'a,b',
      'Description-Content-Type': 'text/markdown',
    });
    expect(read.requires).toEqual([
      'httpx>=0.27',
      "numpy ; python_version < '4'",
      `uvloop; (sys_platform == 'linux' or sys_platform == 'darwin') and extra == "fast"`,
      'orjson; extra == "fast"',
      `uvloop; (sys_platform == 'linux' or sys_platform == 'darwin') and extra == "all"`,
      'orjson; extra == "all"',
    ]);
    expect(read.extras).toEqual(['fast', 'all']);
    expect(read.urls).toEqual(['Home, https://shop.example/']);
    expect(read.points).toEqual([
      ['console_scripts', 'shop', 'my_shop.cli:main'],
      ['gui_scripts', 'shop-gui', 'my_shop.gui:main'],
      ['shop.plugins', 'one', 'my_shop.one'],
    ]);
    expect(read.body).toContain('# Shop\n\nFrom: nobody');
    expect(read.top).toBe('my_shop\n');
    expect(read.wheel).toContain('Root-Is-Purelib: true\nTag: py3-none-any');
  });

  test('of Poetry', async () => {
    const read = await readByPython(
      {
        'pyproject.toml': `[tool.poetry]
name = "shop"
version = "1.0"
description = "x"
authors = ["Ann <ann@shop.example>", "Bo"]
[tool.poetry.dependencies]
python = "^3.11"
httpx = "^0.27"
redis = {version = ">=5", optional = true}
[tool.poetry.extras]
cache = ["redis"]
[tool.poetry.scripts]
shop = "shop.cli:main"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
`,
        'shop/__init__.py': '',
      },
      'shop',
    );
    expect(read.fields).toMatchObject({
      Author: 'Bo',
      'Author-email': 'Ann <ann@shop.example>',
      'Requires-Python': '>=3.11,<4.0',
    });
    expect(read.requires).toEqual(['httpx>=0.27,<0.28', 'redis>=5; extra == "cache"']);
    expect(read.points).toEqual([['console_scripts', 'shop', 'shop.cli:main']]);
  });
});
