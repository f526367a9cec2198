import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type OpenOptions, openProject, type Project } from './project.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function makeFolder(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tare-project-'));
  folders.push(root);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

function git(root: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.example', '-c', 'protocol.file.allow=always'];
  execFileSync('git', [...identity, ...args], { cwd: root, stdio: 'pipe' });
}

const pathsOf = (project: Project): string[] => project.files.map(({ path }) => path);
const reasonOf = (project: Project, path: string) => project.leftOut.find((one) => one.path === path)?.because;

/** Every rule that does not need an index holds with and without a git program. */
const ways: readonly (readonly [string, OpenOptions, boolean])[] = [
  ['with git', {}, true],
  ['by hand', { git: 'none' }, true],
  ['without a repository', {}, false],
];

describe.each(ways)('what enters the image, %s', (_way, options, hasRepository) => {
  const open = async (
    files: Readonly<Record<string, string | Uint8Array>>,
    extra: OpenOptions = {},
  ): Promise<Project> => {
    const root = await makeFolder(files);
    if (hasRepository) git(root, 'init', '-q');
    return await openProject(root, { ...options, ...extra });
  };

  test('ignored files stay out, each with the file and line that ignores it; a deeper .gitignore wins', async () => {
    const project = await open({
      'a.py': '',
      '.gitignore': '# generated\n*.log\n/build/\nlocal/\n',
      'x.log': '',
      'sub/.gitignore': '!keep.log\n/only-here.txt\nlocal\n!local/\n',
      'sub/keep.log': '',
      'sub/y.log': '',
      'sub/only-here.txt': '',
      'sub/deep/only-here.txt': '',
      'sub/local/z.py': '',
      'build/out.js': '',
      'deep/build/out.js': '',
      'local/q.py': '',
    });
    expect(pathsOf(project)).toEqual([
      'a.py',
      'deep/build/out.js',
      'sub/deep/only-here.txt',
      'sub/keep.log',
      'sub/local/z.py',
    ]);
    expect(reasonOf(project, 'x.log')).toEqual({ file: '.gitignore', line: 2, rule: 'ignored by git: `*.log`' });
    expect(reasonOf(project, 'build/')).toMatchObject({ file: '.gitignore', line: 3 });
    expect(reasonOf(project, 'sub/only-here.txt')).toMatchObject({ file: 'sub/.gitignore', line: 2 });
  });

  test('secrets stay out and are named; templates of .env files and public keys stay', async () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n';
    const project = await open({
      '.env': 'A=1',
      '.env.production': 'A=1',
      '.env.example': 'A=',
      'conf/.env': 'A=1',
      'certs/server.pem': key,
      'certs/chain.pem': '-----BEGIN CERTIFICATE-----\n',
      'certs/only/server.key': 'x',
      'ssh/id_ed25519': key,
      'ssh/id_ed25519.pub': 'ssh-ed25519 AAAA',
      '.aws/credentials': '[default]',
      '.netrc': 'machine',
      '.docker/config.json': '{}',
      'service.json': JSON.stringify({ type: 'service_account', private_key: key }),
      'data.json': '{"type": "none"}',
    });
    expect(pathsOf(project)).toEqual(['.env.example', 'certs/chain.pem', 'data.json', 'ssh/id_ed25519.pub']);
    const named = project.leftOut.map(({ path }) => path);
    for (const path of [
      '.env',
      '.env.production',
      'conf/.env',
      'certs/server.pem',
      'certs/only/server.key',
      'ssh/id_ed25519',
      '.aws/',
      '.netrc',
      '.docker/config.json',
      'service.json',
    ]) {
      expect(named).toContain(path);
    }
  });

  test('a requirements file with a password in an address is read, and stays out', async () => {
    const project = await open({
      'requirements.txt': '--extra-index-url https://jo:word@index.example/simple\nflask\n',
      'requirements/dev.in': 'x @ git+https://token@git.example/x.git\n',
      'requirements-lock.txt':
        '--index-url https://${USER}:${WORD}@index.example/simple\nx @ git+ssh://git@git.example/x\ny @ git+https://git@git.example/y\n',
      'notes.txt': 'https://jo:word@index.example/',
    });
    expect(pathsOf(project)).toEqual(['notes.txt', 'requirements-lock.txt']);
    expect(reasonOf(project, 'requirements.txt')).toEqual({ rule: 'an address with a password' });
    expect(await project.readText('requirements.txt')).toContain('flask');
  });

  const addressed = [
    ['pyproject.toml', '[[tool.uv.index]]\nurl = "https://jo:w0rd@index.example/simple"\n'],
    ['service/pyproject.toml', "[[tool.poetry.source]]\nurl = 'https://jo:w0\"rd@index.example/simple'\n"],
    ['uv.toml', '# index-url = "https://jo:w0rd@index.example/simple"\n'],
    ['poetry.toml', '[repositories.own]\nurl = "https://t0ken@index.example/simple"\n'],
    ['pip.conf', '[global]\nindex-url = https://${NAME}:w0rd@index.example/simple\n'],
    ['conf/pip.ini', '[global]\nindex-url = https://jo:w0$rd@index.example/simple\n'],
    ['uv.lock', 'source = { registry = "https://jo:w0rd@index.example/simple" }\n'],
    ['Pipfile', '[[source]]\nurl = "https://t0ken:@index.example/simple"\n'],
    ['Pipfile.lock', '{"_meta":{"sources":[{"url":"https://jo:$w0rd@index.example/simple"}]}}'],
    ['pylock.api.toml', 'url = "https://jo:w0rd@index.example/x-1-py3-none-any.whl"\n'],
  ] as const;

  test.each(addressed)('%s with a password in an address stays out, whatever pattern wants it', async (path, text) => {
    const project = await open({ 'main.py': '', [path]: text }, { include: ['*.toml', '*.lock', 'Pip*'], exclude: [] });
    expect(pathsOf(project)).toEqual(['main.py']);
    expect(reasonOf(project, path)).toEqual({ rule: 'an address with a password' });
    expect(JSON.stringify([project.leftOut, project.warnings])).not.toMatch(/w0|t0ken/);
    // What it says is read all the same, and who names it has it.
    expect(await project.readText(path)).toBe(text);
    expect(pathsOf(await open({ 'main.py': '', [path]: text }, { include: [`/${path}`], exclude: [] }))).toContain(
      path,
    );
  });

  test('credentials that Poetry wrote beside a project stay out', async () => {
    for (const text of ['[http-basic.own]\nusername = "jo"\npassword = "w0rd"\n', '# pypi-token.own = "t0ken"\n']) {
      const project = await open({ 'main.py': '', 'poetry.toml': text });
      expect(pathsOf(project)).toEqual(['main.py']);
      expect(reasonOf(project, 'poetry.toml')).toEqual({ rule: 'credentials of indexes' });
    }
  });

  test('manifests without a password enter, also where variables, people and questions have an `@`', async () => {
    const files = {
      'pyproject.toml':
        '[project]\nurls = ["https://code.example","jo@mail.example"]\nauthors = [{ email = "jo@mail.example" }]\n' +
        '[[tool.uv.index]]\nurl = "https://index.example?as=jo@mail.example"\n',
      'uv.toml': "index-url = 'https://jo:${WORD}@index.example/simple'\n",
      'poetry.toml': '[virtualenvs]\nin-project = true\n',
      Pipfile: '[[source]]\nurl = "https://$NAME:$WORD@index.example/simple"\n',
    };
    const project = await open(files, { include: ['Pipfile'], exclude: [] });
    expect(pathsOf(project)).toEqual(Object.keys(files).sort());
  });

  test('caches, environments and what only builds need stay out', async () => {
    const project = await open({
      'app/__init__.py': '',
      'app/__pycache__/x.pyc': '',
      'my-env/pyvenv.cfg': '',
      'my-env/lib/x.py': '',
      '.venv/lib/y.py': '',
      '.mypy_cache/z.json': '',
      'hello.egg-info/PKG-INFO': '',
      Dockerfile: 'FROM x',
      'uv.lock': '',
      'pyproject.toml': '',
      'uploads/.gitkeep': '',
      '.DS_Store': '',
    });
    expect(pathsOf(project)).toEqual(['app/__init__.py', 'pyproject.toml', 'uploads/.gitkeep']);
    expect(reasonOf(project, 'my-env/')?.rule).toContain('virtual environment');
    expect(await project.readText('Dockerfile')).toBe('FROM x');
  });

  test('.dockerignore leaves out, and its negations bring back', async () => {
    const project = await open({
      '.dockerignore': '*\n!app\napp/**/*.md\n!app/keep.md\n',
      'app/a.py': '',
      'app/x/note.md': '',
      'app/keep.md': '',
      'other/b.py': '',
    });
    expect(pathsOf(project)).toEqual(['app/a.py', 'app/keep.md']);
    expect(reasonOf(project, 'other/')).toMatchObject({ file: '.dockerignore' });
  });

  test('include brings back ignored files but no secret by a pattern; exclude wins over include', async () => {
    const files = {
      '.gitignore': 'dist/\n*.bin\nsecret/\n',
      'dist/app.js': '',
      'dist/app.js.map': '',
      'models/m.bin': '',
      'conf/.env': 'A=1',
      'secret/server.key': 'x',
    };
    const wide = { include: ['dist/**', '*.bin', '**/*.key', '.env'], exclude: ['*.map'] };
    expect(pathsOf(await open(files, wide))).toEqual(['dist/app.js', 'models/m.bin']);
    expect(pathsOf(await open(files, { include: ['conf/.env', '/secret/server.key'], exclude: [] }))).toEqual([
      'conf/.env',
      'secret/server.key',
    ]);
    const configured = { ...files, 'tare.toml': 'include = ["dist/*.js"]' };
    expect(pathsOf(await open(configured))).toEqual(['dist/app.js']);
  });

  test('links inside are kept, links that lead outside are named and never followed', async () => {
    const outside = await makeFolder({ 'secret.txt': 'secret', 'folder/x.py': '' });
    const root = await makeFolder({ 'a/real.py': '', 'b.txt': '' });
    if (hasRepository) git(root, 'init', '-q');
    await symlink('real.py', join(root, 'a/near'));
    await symlink('../b.txt', join(root, 'a/up'));
    await symlink(join(root, 'b.txt'), join(root, 'a/absolute'));
    await symlink('missing', join(root, 'dangling'));
    await symlink(outside, join(root, 'out'));
    await symlink('../../../etc/passwd', join(root, 'a/escape'));
    await symlink('out', join(root, 'chain'));
    await symlink('loop', join(root, 'loop'));
    const project = await openProject(root, options);
    const links = project.files
      .filter(({ type }) => type === 'symlink')
      .map(({ path, linkTarget }) => [path, linkTarget]);
    expect(links).toEqual([
      ['a/absolute', '../b.txt'],
      ['a/near', 'real.py'],
      ['a/up', '../b.txt'],
      ['dangling', 'missing'],
    ]);
    expect(project.warnings.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'LINK_LEFT_OUT'));
    expect(await project.readText('out/secret.txt')).toBeUndefined();
    expect(await project.readText('../etc/passwd')).toBeUndefined();
  });

  test('modes are 644 and 755 whatever they were, pipes stay out, odd names are kept, order is by code unit', async () => {
    const long = `${'n'.repeat(120)}/${'m'.repeat(120)}.txt`;
    const root = await makeFolder({
      'run.sh': '',
      'plain.py': '',
      'ü b\n.txt': '',
      'Z.py': '',
      [long]: '',
      'ａ.py': '',
      '😀.py': '',
    });
    if (hasRepository) git(root, 'init', '-q');
    await chmod(join(root, 'run.sh'), 0o700);
    await chmod(join(root, 'plain.py'), 0o600);
    execFileSync('sh', ['-c', 'mkfifo pipe'], { cwd: root });
    const project = await openProject(root, options);
    expect(pathsOf(project)).toEqual(['Z.py', long, 'plain.py', 'run.sh', 'ü b\n.txt', '😀.py', 'ａ.py']);
    expect(project.files.find(({ path }) => path === 'run.sh')?.mode).toBe(0o755);
    expect(project.files.find(({ path }) => path === 'plain.py')?.mode).toBe(0o644);
    expect(await project.readText('pipe')).toBeUndefined();
  });
});

describe('what only git knows', () => {
  test('tracked files enter although they are ignored, deleted ones do not, a project may be a folder of the repository', async () => {
    const root = await makeFolder({
      '.gitignore': '*.js\n',
      'svc/tracked.js': '',
      'svc/loose.js': '',
      'svc/gone.py': '',
      'svc/a.py': '',
      'b.py': '',
    });
    git(root, 'init', '-q');
    git(root, 'add', '-f', 'svc/tracked.js', 'svc/gone.py');
    await rm(join(root, 'svc/gone.py'));
    expect(pathsOf(await openProject(join(root, 'svc')))).toEqual(['a.py', 'tracked.js']);
    expect(pathsOf(await openProject(join(root, 'svc'), { git: 'none' }))).toEqual(['a.py']);
  });

  test('a project that an outer repository ignores is listed by its own rules', async () => {
    const root = await makeFolder({
      '.gitignore': 'work/\n',
      'work/.gitignore': '*.log\n',
      'work/a.py': '',
      'work/b.log': '',
    });
    git(root, 'init', '-q');
    for (const way of ['auto', 'none'] as const) {
      expect(pathsOf(await openProject(join(root, 'work'), { git: way }))).toEqual(['a.py']);
    }
  });

  test('files of a submodule enter; one that is not checked out is told', async () => {
    const inner = await makeFolder({ 'lib.py': '', 'x.log': '', '.gitignore': '*.log\n' });
    git(inner, 'init', '-q');
    git(inner, 'add', '-A');
    git(inner, 'commit', '-q', '-m', 'x');
    const root = await makeFolder({ 'a.py': '' });
    git(root, 'init', '-q');
    git(root, 'submodule', '--quiet', 'add', inner, 'vendor/lib');
    await writeFile(join(root, 'vendor/lib/y.log'), '');
    const project = await openProject(root);
    expect(pathsOf(project)).toEqual(['a.py', 'vendor/lib/lib.py']);
    await rm(join(root, 'vendor/lib'), { recursive: true });
    await mkdir(join(root, 'vendor/lib'));
    expect((await openProject(root)).warnings).toMatchObject([{ code: 'SUBMODULE_MISSING' }]);
  });

  test('no program that a repository names is run', async () => {
    const root = await makeFolder({ 'a.py': '', 'evil.sh': '#!/bin/sh\ntouch ran\n' });
    await chmod(join(root, 'evil.sh'), 0o755);
    git(root, 'init', '-q');
    git(root, 'config', 'core.fsmonitor', './evil.sh');
    expect(pathsOf(await openProject(root))).toEqual(['a.py', 'evil.sh']);
  });

  test('a tracked file below what has become a link is not followed outside', async () => {
    const outside = await makeFolder({ 'x.py': 'outside' });
    const root = await makeFolder({ 'pkg/x.py': 'inside' });
    git(root, 'init', '-q');
    git(root, 'add', '-A');
    await rm(join(root, 'pkg'), { recursive: true });
    await symlink(outside, join(root, 'pkg'));
    expect(pathsOf(await openProject(root))).toEqual([]);
  });
});

describe('refusals', () => {
  test('no such folder, a file, TOML with line and column, a large or foreign text', async () => {
    const root = await makeFolder({
      'a.py': '',
      'bad.toml': 'a = 1\nb = = 2\n',
      'latin.txt': new Uint8Array([0x66, 0xfc]),
    });
    await expect(openProject(join(root, 'none'))).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    await expect(openProject(join(root, 'a.py'))).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    const project = await openProject(root);
    await expect(project.readToml('bad.toml')).rejects.toMatchObject({ code: 'TOML_INVALID', where: 'bad.toml:2:5' });
    await expect(project.readText('latin.txt')).rejects.toMatchObject({ code: 'FILE_NOT_UTF8' });
    await writeFile(join(root, 'large.txt'), Buffer.alloc(17 * 1024 * 1024));
    await expect(project.readText('large.txt')).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });
});
