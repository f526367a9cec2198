import { describe, expect, test } from 'vitest';
import { dockerfileInputs, plannedPackage, plannedTarget, plannedWheel } from '../../test/support/dockerfile-plan.ts';
import { parseDigest } from '../base/digest.ts';
import type { Plan } from '../plan/types.ts';
import { renderDockerfile } from './render.ts';
import { type DockerfileInputs, type Variant, variants } from './types.ts';

const because = { rule: 'the test says so' };
const withMounts = variants.filter((one) => one !== 'plain');
const amd64 = plannedTarget({
  platform: 'linux/amd64',
  wheels: [plannedWheel('flask'), plannedWheel('torch', '2.9.0+cpu', 'c')],
  systemPackages: [plannedPackage('libgl1'), plannedPackage('libnuma1')],
});
const arm64 = plannedTarget({
  platform: 'linux/arm64',
  base: { provider: 'debian', suite: 'trixie', architecture: 'arm64', glibc: '2.41', packages: [], because },
  wheels: [plannedWheel('flask'), plannedWheel('torch', '2.9.0', 'd')],
  systemPackages: [plannedPackage('libgl1')],
});
const cpuIndex = { url: 'https://index.example/whl/cpu', names: ['torch'] };

function textOf(variant: Variant, inputs: DockerfileInputs = dockerfileInputs(), more: object = {}): string {
  return renderDockerfile(inputs, { variant, ...more }).text;
}

describe('every variant', () => {
  test.each(variants)('%s: base by digest, numeric user, exec form, no chown after the copy', (variant) => {
    const text = textOf(variant);
    const bases = [...text.matchAll(/^FROM (\S+) AS/gm)].map(([, name]) => name ?? '');
    const stages = new Set([...text.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name));
    expect(bases.filter((name) => !stages.has(name))).toSatisfy((names: string[]) =>
      names.every((name) => /^python:3\.13-(?:slim-)?trixie@sha256:[0-9a-f]{64}$/.test(name)),
    );
    expect(text).toContain('USER 65532:65532');
    expect(text).toContain('CMD ["gunicorn", "shop:app"]');
    expect(text).toMatch(/^COPY --from=\w+ --chown=65532:65532 (?:--link )?\/app \/app$/m);
    expect(text).not.toMatch(/^RUN.*\b(?:chown|chmod)\b/m);
    expect(text).toContain('PYTHONDONTWRITEBYTECODE="1"');
    expect(text).not.toMatch(/^ARG|^# syntax/m);
  });

  test.each(variants)('%s: what no project names is not there', (variant) => {
    expect(textOf(variant)).not.toMatch(/https?:\/\//);
  });

  test.each(variants)('%s: what a base of somebody’s starts and who runs there is not the application’s', (variant) => {
    const base = { name: 'registry.example/team/base:1', digest: parseDigest(`sha256:${'3'.repeat(64)}`) };
    const text = textOf(variant, dockerfileInputs({}, { base, fullBase: base }), { comments: 'none' });
    for (const [start] of text.matchAll(/^FROM registry.*\n.*/gm)) expect(start).toMatch(/\nUSER 0:0$/);
    expect(text).toContain('getent passwd 65532 > /dev/null || useradd');
    expect(text).toMatch(/^USER 65532:65532[^]*^HEALTHCHECK NONE\nENTRYPOINT \[\]\nCMD \["gunicorn", "shop:app"\]$/m);
    expect(textOf(variant)).not.toMatch(/ENTRYPOINT|HEALTHCHECK NONE|USER 0:0|getent/);
  });

  test('a label whose name a builder would split is an error', () => {
    expect(() => textOf('venv', dockerfileInputs({ labels: { 'a=b': 'c' } }))).toThrow('has a `=` in it');
  });

  test('no compiler is started where no module is copied', () => {
    const group = { destination: '/app', strip: '', bytes: 1, because };
    const files = { groups: [{ ...group, kind: 'application' as const, paths: ['README.md'] }], leftOut: [] };
    const compiled = /compileall.*\\\n +\/app$/m;
    expect(textOf('venv')).toMatch(compiled);
    expect(textOf('venv', dockerfileInputs({ files }))).not.toMatch(compiled);
  });

  test('debug tools that are not there are not on PATH', () => {
    const env = [{ name: 'PATH', value: '/opt/venv/bin:/usr/bin:/busybox', because }];
    for (const variant of variants) expect(textOf(variant, dockerfileInputs({ env }))).not.toContain('busybox');
    expect(textOf('venv', dockerfileInputs({ env }))).toContain('PATH="/opt/venv/bin:/usr/bin"');
  });

  test('comments are as wanted', () => {
    const full = textOf('venv');
    const brief = textOf('venv', undefined, { comments: 'brief' });
    const none = textOf('venv', undefined, { comments: 'none' });
    const bare = (text: string): string =>
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .join('\n');
    expect(bare(brief)).toBe(bare(full));
    expect(bare(none)).toBe(bare(full));
    expect(brief.length).toBeLessThan(full.length);
    expect(none.split('\n').filter((line) => line.startsWith('#'))).toHaveLength(1);
  });

  test('without bytecode nothing is compiled and Python may write its own', () => {
    for (const variant of variants) {
      const text = textOf(variant, dockerfileInputs({ bytecode: { mode: 'none', because } }));
      expect(text).not.toMatch(/compileall|UV_COMPILE_BYTECODE|PYTHONDONTWRITEBYTECODE="1"/);
    }
  });

  test('stripped sources go, but for those that the plan keeps', () => {
    const sources: Plan['sources'] = { mode: 'strip', because, kept: [{ path: 'shop/__init__.py', because }] };
    const text = textOf('venv', dockerfileInputs({ sources }));
    expect(text).toContain('-b /app');
    expect(text).toContain('/app/shop/__init__.pyc');
    expect(text).toContain(`'for f do [ ! -e "\${f}c" ] || rm "$f"; done'`);
  });

  test('a stop signal and a health route are those of the plan', () => {
    const stopSignal = { value: 'SIGINT', because: { rule: 'it wants that' } };
    const text = textOf('venv', dockerfileInputs({ stopSignal, healthcheck: { port: 80, path: '/up', because } }));
    expect(text).toContain('STOPSIGNAL SIGINT');
    expect(text).toMatch(/HEALTHCHECK [^\n]+\n.*\/up/);
    expect(text).not.toContain('curl http');
  });
});

describe('the standard library', () => {
  test('is compiled unless the base is known to have its bytecode', () => {
    const base = {
      provider: 'image',
      title: 'x',
      architecture: 'arm64',
      glibc: '2.41',
      packages: [],
      layers: [],
      because,
    } as const;
    const digest = parseDigest(`sha256:${'1'.repeat(64)}`);
    const python = { ...arm64.python, interpreter: '/usr/local/bin/python3.13' };
    const foreign = { ...arm64, python, base: { ...base, digest, packageState: digest } };
    const compiler = { version: '3.13.5', magic: 3571, cacheTag: 'cpython-313', because };
    const isCompiled = (target: typeof arm64) =>
      /compileall[^]*?\/usr\/local\/lib\/python3\.13\n/.test(textOf('venv', dockerfileInputs({ targets: [target] })));
    // No Python of the platform could be started here: nobody has looked.
    expect(isCompiled(foreign)).toBe(true);
    expect(isCompiled({ ...foreign, compiler })).toBe(false);
  });
});

describe('Debian packages', () => {
  test('are in the final stage, those of one architecture only there', () => {
    const text = textOf('venv', dockerfileInputs({ targets: [amd64, arm64] }));
    const [, runtime = ''] = /AS runtime\n([^]*?)\nFROM /.exec(text) ?? [];
    expect(runtime).toMatch(
      /apt-get install[^]*libgl1[^]*case "\$\(dpkg --print-architecture\)" in amd64\) echo libnuma1 ;; esac/,
    );
    expect(runtime).toContain('target=/var/lib/apt,sharing=locked');
    expect(runtime).toContain('rm -f /etc/apt/apt.conf.d/docker-clean');
    expect(runtime).not.toContain('rm -rf /var/lib/apt/lists');
  });

  test('are those of the plan alone where the base is known: fetched and checked by apt, which stays of one piece', () => {
    const leftOut = [{ name: 'libllvm19', size: 1, unpackedSize: 127_000_000 }];
    const target = { ...amd64, system: { policy: 'needed', because, leftOut, open: [] } } as const;
    const text = textOf('venv', dockerfileInputs({ targets: [target] }, { exactPackages: true }));
    expect(text).toMatch(/apt-get update[^]*apt-get download \\\n +libgl1 \\\n +libnuma1/);
    expect(text).toContain('/var/lib/dpkg/status.d/${package%%_*}');
    expect(text).toContain('would add libllvm19, some 100 MB, which');
    expect(text).not.toContain('apt-get install');
    // On a platform that needs none there would be nothing to download.
    const none = { ...arm64, systemPackages: [] };
    const both = textOf('venv', dockerfileInputs({ targets: [amd64, none] }, { exactPackages: true }));
    expect(both).toContain('apt-get install');
  });

  test('without mounts their lists go in the same step', () => {
    const text = textOf('plain', dockerfileInputs({ targets: [amd64] }));
    expect(text).toMatch(/apt-get update[^]*&& rm -rf \/var\/lib\/apt\/lists\/\*/);
  });
});

describe('distributions', () => {
  test.each(withMounts)('%s: caches and secrets are mounts, and nothing is built', (variant) => {
    const { text, secrets, needs } = renderDockerfile(dockerfileInputs(), { variant });
    expect(text).toMatch(/--mount=type=cache,target=\/root\/\.cache\/(?:pip|uv)/);
    expect(text).toMatch(/--only-binary :all:|--no-build/);
    expect(secrets.map(({ id }) => id)).toEqual(expect.arrayContaining(['netrc', 'ca']));
    expect(needs).toEqual(['mounts', 'link']);
  });

  test('plain needs nothing of the builder', () => {
    const { text, secrets, needs } = renderDockerfile(dockerfileInputs({ targets: [amd64] }), { variant: 'plain' });
    expect({ secrets, needs }).toEqual({ secrets: [], needs: [] });
    expect(text).not.toContain('--mount');
    expect(text).not.toContain('--link');
    expect(text).toContain('--no-cache-dir');
  });

  test('the plan’s wheels are pinned by hash, by platform where they differ', () => {
    const text = textOf('cached', dockerfileInputs({ targets: [amd64, arm64] }));
    expect(text).toContain(`'flask==1.0 --hash=sha256:${'a'.repeat(64)}'`);
    expect(text).toContain(`torch==2.9.0+cpu ; platform_machine == '\\''x86_64'\\'' --hash=sha256:${'c'.repeat(64)}`);
    expect(text).toContain(`torch==2.9.0 ; platform_machine == '\\''aarch64'\\'' --hash=sha256:${'d'.repeat(64)}`);
  });

  test('torch comes from its own index: first and alone in plain, else beside the configured one', () => {
    const inputs = dockerfileInputs({ targets: [amd64] }, { indexes: [cpuIndex] });
    const plain = textOf('plain', inputs);
    const [first = '', second = ''] = plain.split('\nRUN ').filter((one) => one.startsWith('printf'));
    expect(first).toContain('torch==2.9.0+cpu');
    expect(first).toContain('--index-url https://index.example/whl/cpu');
    expect(second).toContain('flask==1.0');
    expect(second).not.toContain('torch');
    expect(textOf('venv', inputs)).toContain('--extra-index-url https://index.example/whl/cpu');
    expect(textOf('uv', inputs)).toContain('--index-strategy unsafe-best-match');
  });

  test('uv comes by hash, for each platform that its own wheels are for', () => {
    const at = (...platforms: readonly string[]): string =>
      textOf('uv', dockerfileInputs({ targets: platforms.map((platform) => plannedTarget({ platform })) }));
    const hashes = (text: string) => [...text.matchAll(/'uv==[\d.]+ ([^']*)'/g)].flatMap(([, all]) => all?.split(' '));
    expect(hashes(at('linux/amd64'))).toEqual([expect.stringMatching(/^--hash=sha256:[0-9a-f]{64}$/)]);
    const both = hashes(at('linux/amd64', 'linux/arm64'));
    expect(both).toEqual([...hashes(at('linux/amd64')), ...hashes(at('linux/arm64'))]);
    expect(at('linux/amd64')).toMatch(/--no-deps --require-hashes --only-binary :all: -r uv\.txt/);
    // None has a wheel for so old a C library.
    const base = { ...plannedTarget().base, glibc: '2.28' };
    const old = textOf('uv', dockerfileInputs({ targets: [plannedTarget({ platform: 'linux/riscv64', base })] }));
    expect(old).toMatch(/pip install [^\n]* uv==[\d.]+ \\/);
  });

  test('a lock of uv is read by uv', () => {
    const inputs = dockerfileInputs({}, { lock: { kind: 'uv', extras: ['web'], groups: ['prod'] } });
    const { text, dockerignore } = renderDockerfile(inputs, { variant: 'uv' });
    expect(text).toContain('uv sync --locked --no-install-project --no-default-groups --extra web --group prod');
    expect(text).toContain('COPY pyproject.toml uv.lock ./');
    expect(dockerignore).toMatch(/^!uv\.lock$/m);
  });

  test('requirements that include others keep their folders', () => {
    const files = ['requirements/prod.txt', 'requirements/base.txt', 'constraints.txt'];
    const text = textOf(
      'venv',
      dockerfileInputs({}, { lock: { kind: 'requirements', file: 'requirements/prod.txt', files } }),
    );
    expect(text).toContain('COPY requirements/prod.txt requirements/base.txt requirements/');
    expect(text).toContain('-r requirements/prod.txt');
  });

  test('one without a wheel is built where the compilers are, by the hash of its archive', () => {
    const built = {
      ...plannedWheel('docopt', '0.6.2'),
      built: {
        from: 'sdist',
        source: 'docopt-0.6.2.tar.gz',
        sha256: parseDigest(`sha256:${'e'.repeat(64)}`),
        platform: 'linux/amd64',
        requires: [],
        packages: [],
        because,
      },
    } as unknown as ReturnType<typeof plannedWheel>;
    const text = textOf('venv', dockerfileInputs({ targets: [plannedTarget({ wheels: [built] })] }));
    expect(text).toMatch(/^FROM python:3\.13-trixie@\S+ AS builder$/m);
    expect(text).toContain('--no-binary docopt');
    expect(text).toContain(`docopt==0.6.2 --hash=sha256:${'e'.repeat(64)}`);
  });

  test('a wheel-house is mounted where it is installed from, and copied nowhere', () => {
    const text = textOf('wheels');
    expect(text).toContain('--mount=type=bind,from=wheelhouse,source=/wheels,target=/wheels');
    expect(text).not.toMatch(/^COPY.*wheel/m);
  });

  test('a virtual environment is made where it will be, and is on PATH', () => {
    const text = textOf('venv');
    expect(text).toContain('-m venv --without-pip /opt/venv');
    expect(text).toContain('COPY --from=builder --link /opt/venv /opt/venv');
    expect(text).toContain('PATH="/opt/venv/bin:/usr/bin"');
    expect(textOf('cached')).not.toContain('/opt/venv');
  });
});

describe('the application', () => {
  test('large files have layers of their own, below the code, and are in no other', () => {
    const group = { strip: '', bytes: 1, because, destination: '/app' };
    const groups: Plan['files']['groups'] = [
      { ...group, kind: 'application', paths: ['shop/main.py', 'shop/models/labels.txt', 'top.py'] },
      { ...group, kind: 'data', paths: ['shop/models/large.onnx'] },
    ];
    const text = textOf('venv', dockerfileInputs({ files: { groups, leftOut: [] } }));
    const copies = text.split('\n').filter((line) => line.startsWith('COPY') && !line.includes('--from'));
    expect(copies).toEqual([
      'COPY shop/main.py ./shop/',
      'COPY shop/models/labels.txt ./shop/models/',
      'COPY top.py ./',
      'COPY --chown=65532:65532 --link shop/models/large.onnx /app/shop/models/',
    ]);
    expect(text.indexOf('large.onnx')).toBeLessThan(text.indexOf('COPY --from=application'));
  });

  test('root needs no account', () => {
    const user = { name: 'root', uid: 0, gid: 0, home: '/root', because };
    expect(textOf('venv', dockerfileInputs({ user }))).not.toContain('useradd');
  });
});
