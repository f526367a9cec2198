import { describe, expect, test } from 'vitest';
import { keptIn } from '../../../../test/support/kept-sources.ts';

describe('texts below the fields of pydantic models', () => {
  const model = (settings: string) => `from pydantic import BaseModel, ConfigDict\n${settings}`;
  test.each([
    ['a call', 'class A(BaseModel):\n    model_config = ConfigDict(use_attribute_docstrings=True)\n'],
    ['a table', 'class A(BaseModel):\n    model_config = {"use_attribute_docstrings": True}\n'],
    ['the class statement', 'class A(BaseModel, use_attribute_docstrings=True):\n    x: int\n'],
    ['a class Config', 'class A(BaseModel):\n    class Config:\n        use_attribute_docstrings = True\n'],
    ['a constant', 'C = ConfigDict(use_attribute_docstrings=True)\nclass A(BaseModel):\n    model_config = C\n'],
  ])('by %s', async (_name, text) => {
    expect(await keptIn({ 'm.py': model(text) })).toEqual(['docstrings m.py']);
  });

  test('not where it is off, and not without a class', async () => {
    const off = 'class A(BaseModel):\n    model_config = ConfigDict(use_attribute_docstrings=False)\n';
    expect(await keptIn({ 'm.py': model(off) })).toEqual([]);
  });

  test('classes that inherit it, in all modules', async () => {
    const files = {
      'pkg/__init__.py': '',
      'pkg/base.py': model('class Base(BaseModel):\n    model_config = ConfigDict(use_attribute_docstrings=True)\n'),
      'pkg/user.py': 'from pkg.base import Base\nclass User(Base): ...\n',
      'pkg/admin.py': 'from . import user\nclass Admin(user.User): ...\n',
      'pkg/app.py': 'from pkg.admin import Admin\n',
    };
    expect(await keptIn(files)).toEqual([
      'docstrings pkg/admin.py',
      'docstrings pkg/base.py',
      'docstrings pkg/user.py',
    ]);
  });
});
