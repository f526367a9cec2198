import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { type TestBuildkit, startBuildkit } from '../support/buildkit.ts';
import { errorReportSchema, runTare } from '../support/cli.ts';
import { mustRun, runCommand } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { copyExample, readExamples, writeProject } from '../support/example.ts';
import { readLayout, readRootfs } from '../support/image.ts';
import { benchDir, makeTemporaryDir, temporaryDir } from '../support/paths.ts';
import { startPythonRegistry } from '../support/python-images.ts';
import { writeUserRegistries } from '../support/user-registries.ts';
import * as v from 'valibot';

/** A server that needs nothing: its image is made without an index. */
const small = {
  'serve.py': 'import http.server\n\nhttp.server.test(port=8000)\n',
  'shop/__init__.py': 'name = "shop"\n',
  'tare.toml': 'name = "shop"\npython = "3.13"\ncommand = ["python", "serve.py"]\nport = 8000\n',
};

describe('the file and what happened to it', () => {
  /** No registry answers here: nothing is pinned. */
  const offline = async (): Promise<Readonly<Record<string, string>>> => {
    const dir = await temporaryDir('dockerfile-alone');
    return writeUserRegistries(dir, { 'docker.io': '127.0.0.1:9' });
  };

  test('is written with its ignore file, and is stale when the project changes', async () => {
    const env = await offline();
    const dir = await writeProject(await temporaryDir('dockerfile'), small);
    const file = join(dir, 'Dockerfile');
    const run = (...args: string[]) => runTare(['dockerfile', dir, '-o', file, ...args], { env });
    const first = await run();
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain('`python:3.13-slim-trixie` is not pinned');
    expect(first.stderr).toContain('variant `venv`');
    expect((await readdir(dir)).sort()).toEqual([
      'Dockerfile',
      'Dockerfile.dockerignore',
      'serve.py',
      'shop',
      'tare.toml',
    ]);
    expect((await run('--check')).code).toBe(0);
    await writeFile(join(dir, 'tare.toml'), `${small['tare.toml']}[env]\nNEW = "1"\n`);
    const stale = await run('--check');
    expect(stale.code).toBe(1);
    expect(stale.stderr).toMatch(/is stale: the project has changed since\n[^]*\+ .*NEW="1"/);
    expect((await run()).code).toBe(0);
    expect((await run('--check')).code).toBe(0);
    await writeFile(join(dir, 'late.py'), '');
    expect((await run('--check')).stderr).toMatch(
      /dockerignore` is stale: it does not let in exactly what Dockerfile copies/,
    );
  });

  test('--check asks for what the file was asked for', async () => {
    const env = await offline();
    const dir = await writeProject(await temporaryDir('dockerfile'), small);
    const file = join(dir, 'Dockerfile');
    const written = await runTare(['dockerfile', dir, '-o', file, '--variant', 'plain', '--comments', 'none'], { env });
    expect(written.code, written.stderr).toBe(0);
    expect(await readFile(file, 'utf8')).not.toContain('--mount');
    const checked = await runTare(['dockerfile', dir, '-o', file, '--check'], { env });
    expect(checked.code, checked.stderr).toBe(0);
  });

  test('what it was asked for stays until it is asked for otherwise', async () => {
    const env = await offline();
    const manifest = [
      '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n',
      '[project.optional-dependencies]\nfast = []\n[dependency-groups]\nlate = []\n',
    ];
    const { 'tare.toml': _tare, ...files } = small;
    const dir = await writeProject(await temporaryDir('dockerfile'), { ...files, 'pyproject.toml': manifest.join('') });
    const file = join(dir, 'Dockerfile');
    const run = (...args: string[]) => runTare(['dockerfile', dir, '-o', file, ...args], { env });
    const asked = [
      '--base',
      'debian',
      '--python',
      '3.11',
      '--entrypoint',
      'serve.py',
      '--extra',
      'fast',
      '--group',
      'late',
    ];
    const first = await run(...asked, '--variant', 'cached');
    expect(first.code, first.stderr).toBe(0);
    const text = await readFile(file, 'utf8');
    expect(text).toContain(`--variant cached --platform linux/amd64 ${asked.join(' ')}\`:`);
    expect(text).toContain('FROM python:3.11-slim-bookworm');
    const checked = await run('--check');
    expect(checked.code, checked.stderr).toBe(0);
    expect((await run()).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(text);
    const other = await run('--python', '3.13', '--check');
    expect(other.stderr).toMatch(/- FROM python:3\.11-slim-bookworm[^]*\+ FROM python:3\.13-slim-trixie/);
    expect((await run('--python', '3.13')).code).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(
      /^# [^\n]*--variant cached [^\n]* --base debian --python 3\.13 --entrypoint serve\.py --extra fast/,
    );
    const secret = await run('--base', 'docker://jo:w0rd@registry.example/python:3.13');
    expect(secret.code).not.toBe(0);
    expect(`${secret.stderr}${await readFile(file, 'utf8')}`).not.toContain('w0rd');
  });

  test('somebody else’s is never overwritten, nor one that was edited', async () => {
    const env = await offline();
    const dir = await writeProject(await temporaryDir('dockerfile'), { ...small, Dockerfile: 'FROM scratch\n' });
    const file = join(dir, 'Dockerfile');
    const run = (...args: string[]) => runTare(['dockerfile', dir, '-o', file, '--json', ...args], { env });
    const refused = await run();
    expect(refused.code).toBe(1);
    expect(v.parse(errorReportSchema, JSON.parse(refused.stdout)).error.code).toBe('DOCKERFILE_FOREIGN');
    expect(await readFile(file, 'utf8')).toBe('FROM scratch\n');
    expect((await run('--force')).code).toBe(0);
    await writeFile(file, (await readFile(file, 'utf8')).replace('EXPOSE 8000', 'EXPOSE 8001'));
    const edited = await run();
    expect(v.parse(errorReportSchema, JSON.parse(edited.stdout)).error.message).toContain('changed by hand');
    expect((await run('--check')).stderr).toMatch(/changed by hand\n- EXPOSE 8001\n\+ EXPOSE 8000/);
  });

  test('--pin wants the digest; --json has everything', async () => {
    const env = await offline();
    const dir = await writeProject(await temporaryDir('dockerfile'), small);
    const pinned = await runTare(['dockerfile', dir, '--pin', '--json'], { env });
    expect(pinned.code).not.toBe(0);
    const { stdout } = await runTare(['dockerfile', dir, '--json', '--variant', 'uv'], { env });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      variant: 'uv',
      base: { name: 'python:3.13-slim-trixie' },
      needs: ['mounts', 'link'],
    });
    expect(report.dockerfile).toContain('USER 65532:65532');
  });

  test('a .dockerignore that is there stays, and what differs is shown', async () => {
    const env = await offline();
    const dir = await writeProject(await temporaryDir('dockerfile'), { ...small, '.dockerignore': 'docs\n' });
    const { stderr } = await runTare(['dockerfile', dir, '-o', join(dir, 'Dockerfile')], { env });
    expect(stderr).toMatch(/in place of `\.dockerignore`[^]*- docs\n\+ [^]*!serve\.py/);
    expect(await readFile(join(dir, '.dockerignore'), 'utf8')).toBe('docs\n');
  });
});

describe('built by a current BuildKit', () => {
  let buildkit: TestBuildkit;
  let env: Readonly<Record<string, string>>;
  let room: string;
  const started: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    room = await makeTemporaryDir('dockerfile-build');
  });
  afterAll(async () => {
    for (const stop of started.reverse()) await stop();
    await rm(room, { recursive: true, force: true });
  });

  async function open(context: TestContext): Promise<void> {
    await requireComponent(context, 'root', 'registry', 'skopeo');
    if (started.length > 0) return;
    const registry = await startPythonRegistry(context, 'slim');
    started.push(registry.stop);
    buildkit = await startBuildkit({ registry: registry.host });
    started.push(buildkit.stop);
    env = await writeUserRegistries(room, { 'docker.io': registry.host });
  }

  const buildctl = (args: readonly string[]) =>
    mustRun(join(benchDir, 'tools/bin/buildctl'), [
      '--addr',
      buildkit.address,
      'build',
      '--progress=plain',
      '--frontend=dockerfile.v0',
      ...args,
    ]);

  test('a base that it was asked for stays', async (context) => {
    await open(context);
    const dir = await writeProject(await temporaryDir('dockerfile-base'), small);
    const file = join(dir, 'Dockerfile');
    const run = (...args: string[]) => runTare(['dockerfile', dir, '-o', file, ...args], { env });
    const first = await run('--base', 'docker://python:3.13-slim');
    expect(first.code, first.stderr).toBe(0);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(
      /^# [^\n]* --base docker:\/\/python:3\.13-slim`:[^]*FROM docker\.io\/library\/python:3\.13-slim@sha256:/,
    );
    const checked = await run('--check');
    expect(checked.code, checked.stderr).toBe(0);
    expect((await run()).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('the image has the Debian packages that its base lacks and no others, and apt stays of one piece', {
    timeout: 600_000,
  }, async (context) => {
    await open(context);
    const tables = `${small['tare.toml']}system-packages = ["libgl1"]\n`;
    const dir = await writeProject(await temporaryDir('dockerfile-exact'), { ...small, 'tare.toml': tables });
    const file = join(dir, 'Dockerfile');
    const run = (...args: string[]) => runTare(['dockerfile', dir, '-o', file, ...args], { env });
    const first = await run();
    expect(first.code, first.stderr).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/apt-get download \\\n +libgl1 \\\n/);
    const layout = join(dir, 'image');
    const built = await runTare(['build', dir, '--engine', 'buildctl', '-o', `oci:${layout}`], {
      env: { ...env, BUILDKIT_HOST: buildkit.address },
    });
    expect(built.code, built.stderr).toBe(0);
    const [image] = [...(await readLayout(layout)).values()];
    const paths = [...(await readRootfs(layout, image as NonNullable<typeof image>)).keys()];
    expect(paths).toContain('usr/lib/x86_64-linux-gnu/libGL.so.1');
    expect(paths).toContain('var/lib/dpkg/status.d/libgl1');
    expect(paths.filter((path) => /libLLVM|\/tmp\/packages|aux-cache/.test(path))).toEqual([]);

    // Another cache, and nobody to ask: what the base holds is not known, and nothing is said of the file.
    const alone = await writeUserRegistries(join(dir, 'alone'), { 'docker.io': '127.0.0.1:9' });
    const checked = await runTare(['dockerfile', dir, '-o', file, '--check'], {
      env: { ...alone, TARE_CACHE_DIR: join(dir, 'cache') },
    });
    expect(checked.code).not.toBe(0);
    expect(checked.stderr).toMatch(/error\[REGISTRY_\w+\]/);
    expect(checked.stderr).not.toContain('stale');
  });

  test('whatever files, variables and labels are called, the image has exactly them', {
    timeout: 600_000,
  }, async (context) => {
    await open(context);
    const odd = [
      ...[
        'a b.txt',
        '$HOME.txt',
        '${x}.txt',
        "it's.txt",
        'dq".txt',
        '[1]*.txt',
        'q?.txt',
        'back\\slash.txt',
        '#hash.txt',
      ],
      ...[
        '!bang.txt',
        '--from=x',
        '-dash.txt',
        '<<EOF',
        'RUN rm',
        'é日.txt',
        'a&b;c.txt',
        '`id`.txt',
        ' lead.txt',
        'trail ',
      ],
      ...['x+y(1){2}|^.txt', 'dir [x]/in $y.txt', '["a", "b"]', 'line\nbreak.txt', 'x'.repeat(200)],
    ];
    const value = `a $HOME "q" 's' \\ #x`;
    const dir = join(room, `-- a "b" 'c' $d ünï #x`);
    await writeProject(dir, {
      ...small,
      ...Object.fromEntries(odd.map((name) => [name, name])),
      'tare.toml': `${small['tare.toml']}[env]\nODD = ${JSON.stringify(value)}\n[labels]\n'od d"k $x' = ${JSON.stringify(value)}\n`,
    });
    // What the ignore file keeps out of the context must not come in with a folder.
    await writeProject(dir, { 'dir [x]/__pycache__/old.pyc': '', 'dir [x]/.env': 'SECRET=1' });
    const out = join(room, 'odd');
    const rendered = await runTare(['dockerfile', dir, '-o', join(out, 'Dockerfile'), '--variant', 'cached'], { env });
    expect(rendered.code, rendered.stderr).toBe(0);
    expect(await readFile(join(out, 'Dockerfile'), 'utf8')).toMatch(
      /^FROM python:3\.13-slim-trixie@sha256:[0-9a-f]{64} AS python$/m,
    );
    const source = [`--local=context=${dir}`, `--local=dockerfile=${out}`];
    await buildctl([...source, `--output=type=local,dest=${join(room, 'root')}`]);
    const found = await readdir(join(room, 'root/app'), { recursive: true, withFileTypes: true });
    const files = found
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name).slice(join(room, 'root/app/').length));
    expect(files.filter((path) => !path.includes('__pycache__')).sort()).toEqual(
      [...odd, 'serve.py', 'shop/__init__.py'].sort(),
    );
    for (const path of odd) expect(await readFile(join(room, 'root/app', path), 'utf8')).toBe(path);
    await buildctl([...source, `--output=type=oci,tar=false,dest=${join(room, 'layout')}`]);
    const inspected = await mustRun('skopeo', ['inspect', '--config', `oci:${join(room, 'layout')}`]);
    const { config } = JSON.parse(inspected);
    expect(config.Env).toContain(`ODD=${value}`);
    expect(config.Labels).toMatchObject({ 'od d"k $x': value });
    expect(config).toMatchObject({ User: '65532:65532', Cmd: ['python', 'serve.py'], WorkingDir: '/app' });
  });

  test.for(['cached', 'venv', 'wheels', 'uv'])(
    'as `%s`, the examples pass the checks of BuildKit without a warning',
    {
      timeout: 600_000,
    },
    async (variant, context) => {
      await open(context);
      for (const example of await readExamples()) {
        const dir = join(await temporaryDir('dockerfile-check'), example.name);
        await copyExample(example, dir);
        const file = join(dir, 'Dockerfile');
        const written = await runTare(['dockerfile', dir, '-o', file, '--variant', variant], { env });
        expect(written.code, written.stderr).toBe(0);
        const args = ['build', '--builder', buildkit.builder, '--call', 'check,format=json', '--file', file, dir];
        const checked = await runCommand(join(benchDir, 'tools/bin/buildx'), args, {
          env: { ...process.env, ...buildkit.env },
        });
        expect(checked.code, checked.stdout + checked.stderr).toBe(0);
        expect(JSON.parse(checked.stdout).warnings ?? []).toEqual([]);
      }
    },
  );

  test('services of a repository share what they have in common', { timeout: 600_000 }, async (context) => {
    await open(context);
    const dir = join(room, 'services');
    await writeProject(join(dir, 'api'), { ...small, 'tare.toml': small['tare.toml'].replace('shop', 'api') });
    await cp(join(dir, 'api'), join(dir, 'worker'), { recursive: true });
    await writeFile(join(dir, 'worker/tare.toml'), small['tare.toml'].replace('shop', 'worker'));
    const baked = await runTare(['dockerfile', '--bake', 'api', 'worker', '--json'], { env, cwd: dir });
    expect(baked.code, baked.stderr).toBe(0);
    const { target } = JSON.parse(await readFile(join(dir, 'docker-bake.json'), 'utf8'));
    expect(Object.keys(target)).toEqual(['runtime', 'api', 'worker']);
    expect(target.api.contexts).toEqual({ runtime: 'target:runtime' });
    const buildx = join(benchDir, 'tools/bin/buildx');
    const result = await mustRun(
      buildx,
      ['bake', '--builder', buildkit.builder, '--progress=plain', '--set=*.output=type=cacheonly'],
      {
        cwd: dir,
        env: { ...process.env, ...buildkit.env },
      },
    );
    expect(result).toBeDefined();
    const again = await runTare(['dockerfile', '--bake', 'api', 'worker'], { env, cwd: dir });
    expect(again.stderr).toContain('nothing has changed');
    const check = () => runTare(['dockerfile', '--bake', '--check', 'api', 'worker'], { env, cwd: dir });
    expect(await check()).toMatchObject({ code: 0 });
    const file = join(dir, 'docker-bake.json');
    const own = (await readFile(file, 'utf8')).replace('"worker:latest"', '"worker:2"');
    await writeFile(file, own);
    const stale = await check();
    expect(stale).toMatchObject({ code: 1 });
    expect(stale.stderr).toContain('`docker-bake.json` is stale: tare did not write it, or it was changed by hand');
    const refused = await runTare(['dockerfile', '--bake', 'api'], { env, cwd: dir });
    expect(refused.stderr).toContain('error[DOCKERFILE_FOREIGN]');
    expect(await readFile(file, 'utf8')).toBe(own);
  });
});
