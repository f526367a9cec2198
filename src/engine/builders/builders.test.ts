import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { temporaryDir } from '../../../test/support/paths.ts';
import { csvField } from './arguments.ts';
import { parseWorkers } from './buildctl.ts';
import { parseInspect } from './buildx-inspect.ts';
import { lacksOfTool } from './containers.ts';
import { lacksOfDocker } from './docker.ts';
import { dockerAbsence, kindOf } from './docker-client.ts';
import { listContext, packContext, packedDockerfile } from './docker-context.ts';
import { createMask } from './failed.ts';
import { parseStepLine } from './progress.ts';
import type { BuildRequest } from './types.ts';
import { isAtLeast } from './version.ts';

test('versions are compared by their numbers, and a build of somebody’s own counts as new', () => {
  expect(isAtLeast('v0.34.2', '0.13.0')).toBe(true);
  expect(isAtLeast('v0.8+unknown', '0.10.0')).toBe(false);
  expect(isAtLeast('20.10.24+dfsg1', '23.0.0')).toBe(false);
  expect(isAtLeast('4.3.1', '4.3')).toBe(true);
  expect(isAtLeast('dev', '1.0')).toBe(true);
});

test('a value with a comma or a quote is one field', () => {
  expect(csvField('src', '/tmp/a')).toBe('src=/tmp/a');
  expect(csvField('src', '/tmp/a,b "c"')).toBe('"src=/tmp/a,b ""c"""');
});

describe('what buildx says of a builder', () => {
  test('one of a remote BuildKit', () => {
    const text = [
      'Name:          fleet\nDriver:        remote\nLast Activity: 2026-11-28 06:26:48 +0000 UTC\n\nNodes:',
      'Name:             fleet0\nEndpoint:         tcp://fleet.example:1234\nStatus:           running',
      'BuildKit version: v0.34.2\nPlatforms:        linux/amd64*, linux/amd64/v2, linux/arm64\nLabels:\n a: b\n',
    ].join('\n');
    expect(parseInspect(text)).toEqual({
      name: 'fleet',
      driver: 'remote',
      buildkit: 'v0.34.2',
      platforms: ['linux/amd64', 'linux/amd64/v2', 'linux/arm64'],
    });
  });

  test('one that does not run yet, one that cannot be reached, and nothing', () => {
    const asleep = 'Name: c\nDriver: docker-container\n\nNodes:\nName: c0\nEndpoint: unix:///s\nStatus: inactive\n';
    expect(parseInspect(asleep)).toEqual({ name: 'c', driver: 'docker-container', buildkit: '', platforms: [] });
    const failed = 'Name:   default\nDriver: \nError:  failed to connect to the docker API at unix:///s; check it\n';
    expect(parseInspect(failed)).toMatchObject({ driver: '', error: expect.stringContaining('failed to connect') });
    expect(parseInspect('')).toEqual({ name: '', driver: '', buildkit: '', platforms: [] });
  });
});

test('platforms of the workers of a BuildKit', () => {
  const text = 'ID\t\t\t\tPLATFORMS\n5uya15i8whqp65b6gf2n27bqu\tlinux/amd64,linux/amd64/v2,linux/arm64,linux/arm/v7\n';
  expect(parseWorkers(text)).toEqual(['linux/amd64', 'linux/amd64/v2', 'linux/arm64', 'linux/arm/v7']);
});

describe('how docker builds', () => {
  test.each([
    [undefined, '20.10.24', '20.10.24', false, 'buildkit'],
    [undefined, '28.2.2', '20.10.24', false, 'legacy'],
    [undefined, '28.2.2', '28.2.2', true, 'buildx'],
    ['0', '28.2.2', '28.2.2', true, 'legacy'],
    [undefined, '20.10.24', '17.12.0', false, 'legacy'],
  ] as const)('DOCKER_BUILDKIT %s, client %s, engine %s, buildx %s: %s', (wish, client, server, hasBuildx, kind) => {
    expect(kindOf(wish, client, server, hasBuildx)).toBe(kind);
  });

  test('what it lacks says what would have it', () => {
    const docker = { file: '/usr/bin/docker', client: '20.10.24', server: '20.10.24', hostNetwork: false } as const;
    expect(lacksOfDocker({ ...docker, kind: 'buildkit' })).toMatchObject({ link: 'Docker 23' });
    expect(lacksOfDocker({ ...docker, kind: 'buildkit' }).mounts).toBeUndefined();
    expect(lacksOfDocker({ ...docker, kind: 'legacy', client: '28.2.2' }).mounts).toContain('buildx');
    expect(lacksOfTool('podman', '3.0.1')).toMatchObject({ mounts: 'podman 4.0 or buildah 1.24' });
    expect(lacksOfTool('buildah', '1.28.2')).toEqual({ link: 'podman 4.8 or buildah 1.33' });
  });

  test('an engine without permission is told from one that is not there', () => {
    const denied =
      'Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/version": dial unix /var/run/docker.sock: connect: permission denied';
    expect(dockerAbsence(denied).hint).toContain('usermod -aG docker');
    expect(
      dockerAbsence('Cannot connect to the Docker daemon at unix:///s. Is the docker daemon running?').hint,
    ).toContain('systemctl start docker');
    expect(dockerAbsence(undefined).reason).toContain('no `docker` on PATH');
  });
});

describe('the context of the builder from before BuildKit', () => {
  const request: BuildRequest = {
    dockerfile: 'FROM scratch\n',
    ignorefile: '*\n!app\n!a b.txt\n**/*.pyc\n',
    directory: '',
    platforms: [],
    secrets: [],
    proxies: {},
    hostNetwork: false,
    outputs: [],
    cacheFrom: [],
    cacheTo: [],
    noCache: false,
    insecure: false,
    needs: [],
  };

  test('holds what the ignore file lets in, the Dockerfile, and nothing of theirs by these names', async () => {
    const directory = await temporaryDir('context');
    await mkdir(join(directory, 'app', 'deep'), { recursive: true });
    await mkdir(join(directory, 'other'));
    const texts = {
      'app/main.py': 'x = 1\n',
      'app/deep/é.txt': 'y',
      'app/m.pyc': '',
      'a b.txt': 'z',
      'other/secret': 's',
    };
    for (const [path, text] of Object.entries(texts)) await writeFile(join(directory, path), text);
    await writeFile(join(directory, '.dockerignore'), 'app\n');
    await symlink('main.py', join(directory, 'app', 'link'));
    const found: Record<string, string> = {};
    const reading = extract();
    const bytes = await buffer(packContext({ ...request, directory }, new AbortController().signal));
    reading.end(bytes);
    for await (const entry of reading) {
      const content = (await buffer(entry)).toString('utf8');
      found[entry.header.name] = entry.header.type === 'symlink' ? `-> ${entry.header.linkname}` : content;
    }
    expect(found).toEqual({
      [packedDockerfile]: 'FROM scratch\n',
      '.dockerignore': `${packedDockerfile}\n.dockerignore\n`,
      'a b.txt': 'z',
      'app/deep/é.txt': 'y',
      'app/link': '-> main.py',
      'app/main.py': 'x = 1\n',
    });
  });

  test('a folder that is left out is entered where a pattern brings something of it back', async () => {
    const directory = await temporaryDir('context');
    await mkdir(join(directory, 'a', 'b'), { recursive: true });
    await writeFile(join(directory, 'a', 'b', 'c.txt'), '');
    await writeFile(join(directory, 'a', 'd.txt'), '');
    const paths: string[] = [];
    for await (const path of listContext(directory, '*\n!a/*/c.txt\n')) paths.push(path);
    expect(paths).toEqual(['a/b/c.txt']);
  });
});

test('passwords of secrets are taken out of whatever is shown, as they are and decoded', () => {
  const mask = createMask([
    { id: 'pip_conf', content: '[global]\nindex-url = https://jo:p%40ss-word@index.example/simple\n' },
    { id: 'netrc', content: 'machine index.example login jo password tok3n-of-jo\n' },
  ]);
  expect(mask('pip: https://jo:p%40ss-word@index.example, p@ss-word, tok3n-of-jo')).toBe(
    'pip: https://…@index.example, …, …',
  );
});

test('steps are followed in the words of each builder', () => {
  expect(parseStepLine('#5 [builder 2/5] RUN true')).toEqual({
    kind: 'begun',
    id: '5',
    title: '[builder 2/5] RUN true',
  });
  expect(parseStepLine('#5 DONE 1.2s')).toEqual({ kind: 'ended', id: '5', note: 'done' });
  expect(parseStepLine('#1 [internal] load build definition from Dockerfile')).toBeUndefined();
  expect(parseStepLine('[1/2] STEP 2/4: RUN true')).toMatchObject({ kind: 'begun', title: '[1/2] STEP 2/4: RUN true' });
  expect(parseStepLine('Step 2/4 : RUN true')).toMatchObject({ kind: 'begun', title: '2/4 RUN true' });
  expect(parseStepLine('Collecting idna')).toBeUndefined();
});
