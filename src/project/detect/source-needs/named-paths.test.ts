import { describe, expect, test } from 'vitest';
import { keptIn } from '../../../../test/support/kept-sources.ts';

describe('sources that are used by their path', () => {
  const files = { 'job.py': '', 'lib/job2.py': '', 'main.py': '' };
  test.each([
    ['run-by-path', 'import runpy\nrunpy.run_path("job.py")\n'],
    ['run-by-path', 'from runpy import run_path as r\nr("./job.py", run_name="__main__")\n'],
    ['run-by-path', 'import importlib.util\nimportlib.util.spec_from_file_location("n", "job.py")\n'],
    ['run-by-path', 'from importlib import util\nutil.spec_from_file_location(name="n", location="job.py")\n'],
    [
      'run-by-path',
      'from importlib.machinery import SourceFileLoader\nSourceFileLoader("n", "job.py").load_module()\n',
    ],
    ['run-by-path', 'import imp\nimp.load_source("n", "job.py")\n'],
    ['run-by-path', 'app.config.from_pyfile("job.py")\n'],
    ['read-by-path', 'exec(open("job.py").read())\n'],
    ['read-by-path', 'from pathlib import Path\nexec(compile(Path("job.py").read_text(), "job", "exec"))\n'],
    [
      'read-by-path',
      'import os\nP = os.path.join(os.path.dirname(__file__), "job.py")\nwith open(P) as f:\n    text = f.read()\n',
    ],
    ['read-by-path', 'from pathlib import Path\nif (Path(__file__).parent / "job.py").exists(): ...\n'],
    ['read-by-path', 'from dynaconf import Dynaconf\nDynaconf(settings_files=["job.py"])\n'],
    ['command-line', 'import subprocess, sys\nsubprocess.run([sys.executable, "job.py", "-v"])\n'],
    ['command-line', 'import subprocess\ncmd = ["python"] + ["job.py"]\nsubprocess.Popen(cmd)\n'],
    ['command-line', 'import os\nos.system("cd x && python job.py --all")\n'],
    ['command-line', 'import os, sys\nos.execv(sys.executable, ["python", "job.py"])\n'],
    [
      'command-line',
      'import asyncio, sys\nasync def f():\n    await asyncio.create_subprocess_exec(sys.executable, "job.py")\n',
    ],
    [
      'command-line',
      'import subprocess, sys\nfrom pathlib import Path\nJOB = Path(__file__).parent / "job.py"\ndef f():\n    subprocess.run([sys.executable, str(JOB)])\n',
    ],
    ['streamlit', 'import streamlit as st\nst.navigation([st.Page("job.py")])\n'],
    ['streamlit', 'import streamlit as st\nst.switch_page("job.py")\n'],
  ])('%s: %s', async (kind, text) => {
    expect(await keptIn({ ...files, 'm.py': text })).toEqual([`${kind} job.py`]);
  });

  test.each([
    ['open', 'import ast\nast.parse(open(__file__).read())\n'],
    ['Path', 'import ast\nfrom pathlib import Path\nast.parse(Path(__file__).read_text())\n'],
    ['a name', 'import os\nME = os.path.abspath(__file__)\nwith open(ME) as f: ...\n'],
  ])('a module that reads itself by %s', async (_name, text) => {
    expect(await keptIn({ 'm.py': text, 'other.py': '' })).toEqual(['read-by-path m.py']);
  });

  test('files of a known folder by names that are worked out', async () => {
    const text =
      'import os, importlib.util\ndef load(n):\n    return importlib.util.spec_from_file_location(n, os.path.join("lib", n + ".py"))\n';
    expect(await keptIn({ ...files, 'm.py': text })).toEqual(['run-by-path lib/job2.py']);
  });

  test('a path that is not known at all is told', async () => {
    const text =
      'import importlib.util\ndef load(path):\n    return importlib.util.spec_from_file_location("n", path)\n';
    expect(await keptIn({ ...files, 'm.py': text })).toEqual(['run-by-path m.py ?']);
  });

  test.each([
    [
      'its own place',
      'import os\nfrom pathlib import Path\nA = os.path.dirname(__file__)\nB = Path(__file__).resolve().parent / "x.json"\nopen(B)\n',
    ],
    [
      'a name for the log',
      'import logging, os\nlogging.getLogger(os.path.basename(__file__))\nprint("see job.py")\nlogging.info("job.py")\n',
    ],
    ['a help text', 'import argparse\nargparse.ArgumentParser(prog="job.py")\n'],
    [
      'modules',
      'import runpy, subprocess, sys\nrunpy.run_module("job")\nsubprocess.run([sys.executable, "-m", "job"])\n',
    ],
    ['files of others', 'open("/usr/lib/python3/os.py")\nopen("nothing.py")\nopen("../job.py")\n'],
    [
      'multiprocessing',
      'import multiprocessing as mp\nmp.set_start_method("spawn")\nmp.Process(target=print).start()\n',
    ],
  ])('not for %s', async (_name, text) => {
    expect(await keptIn({ ...files, 'm.py': text })).toEqual([]);
  });
});

test('a module that makes another name out of its own stays, as its own ends with `.pyc` otherwise', async () => {
  const data = 'import json\nDATA = json.load(open(__file__.replace(".py", ".json")))\n';
  expect(await keptIn({ 'm.py': data })).toEqual(['read-by-path m.py']);
  expect(await keptIn({ 'm.py': 'P = str(__file__).replace("/m.py", "/data")\n' })).toEqual(['read-by-path m.py']);
  expect(await keptIn({ 'm.py': 'P = __file__.replace("\\\\", "/")\nQ = name.replace(".py", "")\n' })).toEqual([]);
});
