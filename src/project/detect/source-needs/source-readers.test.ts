import { describe, expect, test } from 'vitest';
import { keptIn, needsIn } from '../../../../test/support/kept-sources.ts';

const kernel = 'def f(x):\n    return x\n';

describe('numba with a cache', () => {
  test.each([
    ['a decorator', `from numba import njit\n@njit(cache=True)\n${kernel}`],
    ['an alias', `from numba import njit as X\n@X("f8(f8)", cache=True)\n${kernel}`],
    ['the module', `import numba\n@numba.njit(cache=True, parallel=True)\n${kernel}`],
    ['the module under an alias', `import numba as nb\n@nb.jit(nopython=True, cache=True)\n${kernel}`],
    ['vectorize', `from numba import vectorize\n@vectorize(["f8(f8)"], cache=True)\n${kernel}`],
    ['guvectorize', `import numba\n@numba.guvectorize(["void(f8[:])"], "(n)", cache=True)\n${kernel}`],
    ['a callback', `from numba import cfunc\n@cfunc("f8(f8)", cache=True)\n${kernel}`],
    ['a call', `from numba import njit\n${kernel}g = njit(cache=True)(f)\n`],
    ['a call with all of it', `from numba import njit\n${kernel}g = njit(f, cache=True)\n`],
    ['options in a table', `from numba import njit\nOPTIONS = {"cache": True}\n@njit(**OPTIONS)\n${kernel}`],
    ['options in a call of dict', `from numba import njit\nOPTIONS = dict(cache=True)\n@njit(**OPTIONS)\n${kernel}`],
    ['a switch', `import os\nfrom numba import njit\n@njit(cache=os.environ.get("C") == "1")\n${kernel}`],
    ['partial', `from functools import partial\nfrom numba import njit\nfast = partial(njit, cache=True)\n`],
    [
      'an import where it is needed',
      `def make():\n    from numba import njit\n    @njit(cache=True)\n    def f(x): ...\n`,
    ],
    [
      'an import that may fail',
      `try:\n    from numba import njit\nexcept ImportError:\n    njit = None\n@njit(cache=True)\n${kernel}`,
    ],
  ])('by %s', async (_name, text) => {
    expect(await keptIn({ 'k.py': text, 'other.py': 'import k\n' })).toEqual(['numba-cache k.py']);
  });

  test.each([
    ['no cache', `from numba import njit\n@njit\n${kernel}`],
    ['no cache among options', `from numba import njit\n@njit(parallel=True)\n${kernel}`],
    ['a cache that is off', `from numba import njit\n@njit(cache=False)\n${kernel}`],
    [
      'options without a cache',
      `from numba import njit\nO = {"parallel": True, "cache": False}\n@njit(**O)\n${kernel}`,
    ],
    ['another function of the name', `from mine import njit\n@njit(cache=True)\n${kernel}`],
    ['a jit of another library', `from jax import jit\n@jit(cache=True)\n${kernel}`],
  ])('not with %s', async (_name, text) => {
    expect(await keptIn({ 'k.py': text })).toEqual([]);
  });

  test('also where the decorator is made in another module', async () => {
    const uses = `from fast import quick\n@quick\n${kernel}`;
    expect(await keptIn({ 'fast.py': 'from numba import njit\nquick = njit(cache=True)\n', 'k.py': uses })).toEqual([
      'numba-cache fast.py',
      'numba-cache k.py',
    ]);
    const made = 'from numba import njit\ndef quick(f):\n    return njit(cache=True)(f)\n';
    expect(await keptIn({ 'fast.py': made, 'k.py': uses, 'other.py': 'import fast\n' })).toEqual([
      'numba-cache fast.py',
      'numba-cache k.py',
    ]);
  });

  test('also where numba comes by way of the project', async () => {
    const files = { 'pkg/__init__.py': '', 'pkg/compat.py': 'from numba import njit\n' };
    expect(await keptIn({ ...files, 'pkg/k.py': `from .compat import njit\n@njit(cache=True)\n${kernel}` })).toEqual([
      'numba-cache pkg/k.py',
    ]);
  });

  test('the sentence says who looks for what, and where', async () => {
    const [need] = await needsIn({ 'k.py': `import numba as nb\n\n@nb.njit(cache=True)\n${kernel}` });
    expect(need?.because).toEqual({
      file: 'k.py',
      line: 3,
      rule: '`numba.njit(cache=True)` looks for the source of `f`',
    });
  });
});

describe('functions that read sources', () => {
  test.each([
    ['torch-script', 'import torch\n@torch.jit.script\ndef f(x): ...\n'],
    ['torch-script', 'from torch import jit\n@jit.script\ndef f(x): ...\n'],
    ['torch-script', 'from torch.jit import script as s\ndef f(x): ...\ng = s(f)\n'],
    ['torch-script', 'import torch\nclass M(torch.nn.Module): ...\nm = torch.jit.script(M())\n'],
    [
      'torch-script',
      'import torch\nclass M(torch.jit.ScriptModule):\n    @torch.jit.script_method\n    def f(self): ...\n',
    ],
    ['torch-script', 'import torch\n@torch.jit.interface\nclass I:\n    def f(self): ...\n'],
    ['triton', 'import triton\n@triton.jit\ndef k(x): ...\n'],
    ['triton', 'from triton import jit\n@jit(noinline=True)\ndef k(x): ...\n'],
    ['inspect-source', 'import inspect\ndef f(): ...\nx = inspect.getsource(f)\n'],
    ['inspect-source', 'from inspect import getsource as gs\nclass A: ...\nx = gs(A)\n'],
    ['inspect-source', 'import inspect as i\ndef f(): ...\nx = i.getsourcelines(f)\n'],
    ['inspect-source', 'import inspect\ndef f(): ...\nx = inspect.findsource(object=f)\n'],
    ['inspect-source', 'import inspect, sys\nx = inspect.getsourcefile(sys.modules[__name__])\n'],
    ['inspect-source', 'from smolagents import tool\n@tool\ndef f(x): ...\n'],
    ['inspect-source', 'from varname import nameof\na = 1\nnameof(a)\n'],
    ['docstrings', 'import tyro\nclass A: ...\ntyro.cli(A)\n'],
    ['docstrings', 'from tyro import cli\ndef main(x: int): ...\nif __name__ == "__main__":\n    cli(main)\n'],
  ])('%s: %s', async (kind, text) => {
    expect(await keptIn({ 'm.py': text, 'other.py': 'import m\n' })).toEqual([`${kind} m.py`]);
  });

  test.each([
    ['only an import', 'import inspect\nfrom inspect import getsource\n'],
    [
      'other functions of inspect',
      'import inspect\nx = inspect.signature(f)\ny = inspect.getfile(f)\nz = inspect.getdoc(f)\n',
    ],
    ['sources of third parties', 'import inspect, torch\nx = inspect.getsource(torch.nn.Linear)\n'],
    [
      'tracing and compiling',
      'import torch\nm = torch.jit.trace(f, x)\nn = torch.compile(m)\n@torch.compile\ndef g(x): ...\n',
    ],
    ['a stored script', 'import torch\nm = torch.jit.load("m.pt")\n'],
    ['cached data of Streamlit', 'import streamlit as st\n@st.cache_data\ndef f(): ...\n'],
  ])('not for %s', async (_name, text) => {
    expect(await keptIn({ 'm.py': text })).toEqual([]);
  });

  test.each([
    ['an imported function', 'from pkg.models import f\n', 'f'],
    ['a module', 'import pkg.models\n', 'pkg.models'],
    ['a module under its name', 'from pkg import models\n', 'models'],
    ['a method', 'from pkg.models import A\n', 'A.run'],
    ['a name that is passed on', 'from pkg import shared\n', 'shared'],
    ['a name bound before', 'from pkg.models import f\ng = f\n', 'g'],
  ])('the source of another module is kept by %s', async (_name, imports, argument) => {
    const files = {
      'pkg/__init__.py': 'from .models import shared\n',
      'pkg/models.py': 'def f(): ...\ndef shared(): ...\n',
    };
    const kept = await keptIn({
      ...files,
      'm.py': `import inspect\n${imports}print(inspect.getsource(${argument}))\n`,
    });
    expect(kept).toContain('inspect-source pkg/models.py');
    expect(kept).not.toContain('inspect-source pkg/__init__.py');
  });

  test('what a function of the project is given is found at its uses', async () => {
    const files = {
      'doc.py': 'import inspect\ndef show(fn):\n    return inspect.getsource(fn)\n',
      'a.py': 'from doc import show\nfrom b import g\nshow(g)\n',
      'b.py': 'def g(): ...\n',
      'c.py': 'import doc\n@doc.show\ndef h(): ...\n',
      'd.py': 'import doc\n',
    };
    expect(await keptIn(files)).toEqual(['inspect-source b.py', 'inspect-source c.py', 'inspect-source doc.py']);
  });

  test('where nothing says what is given, the person is told', async () => {
    const text = 'import inspect\ndef show(fn):\n    return inspect.getsource(fn)\n';
    const [need] = await needsIn({ 'doc.py': text });
    expect(need).toMatchObject({ path: 'doc.py', isUncertain: true, because: { file: 'doc.py', line: 3 } });
    expect(need?.because.rule).toContain('not known');
  });

  test('TorchScript compiles what the scripted code calls', async () => {
    const files = {
      'serve.py': 'import torch\nfrom net import Net\nm = torch.jit.script(Net())\n',
      'net.py': 'import torch\nfrom ops import act\nimport names\nclass Net(torch.nn.Module): ...\n',
      'ops.py': 'import torch\ndef act(x): ...\n',
      'names.py': 'A = 1\n',
    };
    const kept = await keptIn(files);
    expect(kept).toEqual(expect.arrayContaining(['torch-script net.py', 'torch-script ops.py']));
    expect(kept).not.toContain('torch-script names.py');
  });
});
