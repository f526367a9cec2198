import { describe, expect, test } from 'vitest';
import { keptIn, needsIn } from '../../../../test/support/kept-sources.ts';

const plugins = {
  'plugins/__init__.py': '',
  'plugins/a.py': '',
  'plugins/deep/b.py': '',
  'main.py': '',
  'other.py': '',
};
const listed = ['glob plugins/__init__.py', 'glob plugins/a.py'];

describe('modules that are found by listing a folder', () => {
  test.each([
    ['glob.glob', 'import glob\nglob.glob("plugins/*.py")\n'],
    ['iglob', 'from glob import iglob\nfor p in iglob("./plugins/*.py"): ...\n'],
    ['a root', 'import glob\nglob.glob("*.py", root_dir="plugins")\n'],
    [
      'os.path',
      'import glob, os\nglob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "plugins", "*.py"))\n',
    ],
    ['a sum', 'import glob, os\nglob.glob(os.path.dirname(__file__) + "/plugins/*.py")\n'],
    ['an f-string', 'import glob, os\nhere = os.path.dirname(__file__)\nglob.glob(f"{here}/plugins/*.py")\n'],
    ['Path.glob', 'from pathlib import Path\nPath("plugins").glob("*.py")\n'],
    ['Path.glob below', 'from pathlib import Path\nPath(".").glob("plugins/*.py")\n'],
    ['the own path', 'from pathlib import Path\nfor p in (Path(__file__).parent / "plugins").glob("*.py"): ...\n'],
    [
      'parents',
      'import pathlib\nB = pathlib.Path(__file__).resolve().parents[0]\nsorted(B.joinpath("plugins").glob("[!.]*.py"))\n',
    ],
    ['listdir', 'import os\n[f for f in os.listdir("plugins") if f.endswith(".py")]\n'],
    [
      'listdir and a slice',
      'import os\ndef load():\n    for f in os.listdir("plugins"):\n        if f[-3:] == ".py": ...\n',
    ],
    [
      'listdir and its stem',
      'import os, importlib\nfor f in os.listdir("plugins"):\n    importlib.import_module("plugins." + f[:-3])\n',
    ],
    ['scandir', 'from os import scandir\nfor e in scandir("plugins"):\n    if e.name.endswith(".py"): ...\n'],
    ['iterdir', 'from pathlib import Path\nfor p in Path("plugins").iterdir():\n    if p.suffix == ".py": ...\n'],
    ['fnmatch', 'import fnmatch, os\nfnmatch.filter(os.listdir("plugins"), "*.py")\n'],
    [
      'a constant of what it ends in',
      'import os\nEND = ".py"\ndef f():\n    return [x for x in os.listdir("plugins") if x.endswith(END)]\n',
    ],
    [
      'resources',
      'from importlib.resources import files\nfor p in files("plugins").iterdir():\n    if p.name.endswith(".py"): ...\n',
    ],
    [
      'an environment variable with a default',
      'import glob, os\nglob.glob(os.environ.get("P", "plugins") + "/*.py")\n',
    ],
    [
      'an attribute',
      'from pathlib import Path\nclass L:\n    def __init__(self):\n        self.d = Path(__file__).parent / "plugins"\n    def load(self):\n        return self.d.glob("*.py")\n',
    ],
    [
      'a parameter with a default',
      'from pathlib import Path\ndef load(d=Path("plugins")):\n    return list(d.glob("*.py"))\n',
    ],
    [
      'a parameter that is given',
      'from pathlib import Path\ndef load(d):\n    return list(d.glob("*.py"))\nload(Path("plugins"))\n',
    ],
    [
      'a function that gives the folder',
      'import glob, os\ndef here():\n    return os.path.dirname(__file__)\nglob.glob(here() + "/plugins/*.py")\n',
    ],
    ['an absolute path of the image', 'import glob\nglob.glob("/app/plugins/*.py")\n'],
  ])('by %s', async (_name, text) => {
    expect(await keptIn({ ...plugins, 'load.py': text })).toEqual(listed);
  });

  test.each([
    ['rglob', 'from pathlib import Path\nPath("plugins").rglob("*.py")\n'],
    ['two stars', 'import glob\nglob.glob("plugins/**/*.py", recursive=True)\n'],
    [
      'os.walk',
      'import os\nfor r, d, fs in os.walk("plugins"):\n    for f in fs:\n        if f.endswith(".py"): ...\n',
    ],
  ])('with folders below by %s', async (_name, text) => {
    expect(await keptIn({ ...plugins, 'load.py': text })).toEqual([...listed, 'glob plugins/deep/b.py']);
  });

  test.each([
    [
      'in the package that is loaded',
      'pkg/plugins/__init__.py',
      'import glob, os\nglob.glob(os.path.join(os.path.dirname(__file__), "*.py"))\n',
    ],
    [
      'by its path',
      'pkg/plugins/__init__.py',
      'import os\nfor f in os.listdir(__path__[0]):\n    if f.endswith(".py"): ...\n',
    ],
    ['from the folder above', 'pkg/load.py', 'from pathlib import Path\nPath("plugins").glob("*.py")\n'],
    [
      'by the package',
      'main.py',
      'import os\nimport pkg.plugins\nfor f in os.listdir(os.path.dirname(pkg.plugins.__file__)):\n    if f.endswith(".py"): ...\n',
    ],
    ['by a constant elsewhere', 'main.py', 'from pkg.config import HERE\n(HERE / "plugins").glob("*.py")\n'],
    [
      'as a resource',
      'main.py',
      'import os, pkg_resources\nfor f in os.listdir(pkg_resources.resource_filename("pkg", "plugins")):\n    if f.endswith(".py"): ...\n',
    ],
  ])('%s', async (_name, path, text) => {
    const files: Record<string, string> = {
      'pkg/__init__.py': '',
      'pkg/config.py': 'from pathlib import Path\nHERE = Path(__file__).parent\n',
      'pkg/plugins/__init__.py': '',
      'pkg/plugins/a.py': '',
      'main.py': '',
    };
    files[path] = text;
    expect(await keptIn(files)).toEqual(['glob pkg/plugins/__init__.py', 'glob pkg/plugins/a.py']);
  });

  test('packages that are known by their `__init__.py`', async () => {
    const text =
      'import os\nfor n in os.listdir("plugins"):\n    if os.path.isfile(os.path.join("plugins", n, "__init__.py")): ...\n';
    const kept = await keptIn({ 'load.py': text, 'plugins/x/__init__.py': '', 'plugins/x/inner.py': '' });
    expect(kept).toContain('glob plugins/x/__init__.py');
    expect(kept.join()).not.toContain('inner');
  });

  test('where the folder is not known, those below the module that fit, and the person is told', async () => {
    const text = 'import glob\nimport settings\ndef load():\n    return glob.glob(settings.PLACE + "/plugins/*.py")\n';
    const files = { 'core/load.py': text, 'core/plugins/a.py': '', 'core/other.py': '', 'plugins/b.py': '' };
    const [need, ...others] = await needsIn(files);
    expect(others).toEqual([]);
    expect(need).toMatchObject({ path: 'core/plugins/a.py', kind: 'glob', isUncertain: true });
    expect(need?.because.rule).toContain('not known');
  });

  test.each([
    [
      'other patterns',
      'import glob\nfrom pathlib import Path\nglob.glob("plugins/*.json")\nPath("plugins").rglob("*.html")\n',
    ],
    ['bytecode', 'import glob\nglob.glob("plugins/*.pyc")\n'],
    ['pkgutil', 'import pkgutil, plugins\nfor m in pkgutil.iter_modules(plugins.__path__): ...\n'],
    ['a listing for other files', 'import os\n[f for f in os.listdir("plugins") if f.endswith(".json")]\n'],
    [
      'a listing in another function',
      'import os\ndef f():\n    return os.listdir("uploads")\ndef g(name):\n    return name.endswith(".pyx")\n',
    ],
    ['the tree of a source', 'import ast\nfor n in ast.walk(tree): ...\n'],
    ['a folder that is not there', 'import glob\nglob.glob("nowhere/*.py")\nglob.glob("/etc/*.py")\n'],
    ['tests', ''],
  ])('not for %s', async (_name, text) => {
    expect(
      await keptIn({ ...plugins, 'load.py': text, 'tests/all.py': 'import glob\nglob.glob("**/*.py")\n' }),
    ).toEqual([]);
  });
});
