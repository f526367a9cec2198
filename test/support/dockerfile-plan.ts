import { parseDigest } from '../../src/base/digest.ts';
import type { DockerfileInputs } from '../../src/dockerfile/types.ts';
import type { Plan, PlannedSystemPackage, PlannedWheel, Target } from '../../src/plan/types.ts';

const because = { rule: 'the test says so' };
const digest = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`);

/** A wheel of a plan, with a hash made of one digit. */
export function plannedWheel(name: string, version = '1.0', digit = 'a'): PlannedWheel {
  const filename = `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`;
  return { name, version, filename, sha256: digest(digit), because };
}

export function plannedPackage(name: string): PlannedSystemPackage {
  return {
    name,
    version: '1',
    filename: `pool/${name}.deb`,
    sha256: digest('b'),
    size: 1,
    unpackedSize: 1,
    chain: ['opencv-python', name],
    because,
  };
}

export function plannedTarget(change: Partial<Target> = {}): Target {
  return {
    platform: 'linux/amd64',
    python: {
      version: '3.13',
      fullVersion: '3.13.5',
      abi: 'cp313',
      interpreter: '/usr/bin/python3.13',
      prefix: '/opt/venv',
      because,
    },
    base: { provider: 'debian', suite: 'trixie', architecture: 'amd64', glibc: '2.41', packages: [], because },
    wheels: [plannedWheel('flask')],
    resolution: { kind: 'lock', because },
    systemPackages: [],
    system: { policy: 'needed', because, leftOut: [], open: [] },
    layers: [],
    ...change,
  };
}

/** What a small application gives a Dockerfile, with what a test is about put in its place. */
export function dockerfileInputs(
  plan: Partial<Plan> = {},
  change: Partial<Omit<DockerfileInputs, 'plan'>> = {},
): DockerfileInputs {
  return {
    plan: {
      schemaVersion: 1,
      project: { name: 'shop', because },
      targets: [plannedTarget()],
      processes: { web: { command: ['gunicorn', 'shop:app'], ports: [8000], because } },
      files: {
        groups: [
          { kind: 'application', destination: '/app', strip: '', paths: ['shop/__init__.py'], bytes: 1, because },
        ],
        leftOut: [],
      },
      user: { name: 'nonroot', uid: 65532, gid: 65532, home: '/home/nonroot', because },
      env: [
        { name: 'PATH', value: '/opt/venv/bin:/usr/bin', because },
        { name: 'VIRTUAL_ENV', value: '/opt/venv', because },
        { name: 'PYTHONUNBUFFERED', value: '1', because },
      ],
      labels: {},
      workdir: '/app',
      bytecode: { mode: 'all', because },
      sources: { mode: 'keep', because, kept: [] },
      warnings: [],
      ...plan,
    },
    base: { name: 'python:3.13-slim-trixie', digest: digest('1') },
    fullBase: { name: 'python:3.13-trixie', digest: digest('2') },
    lock: { kind: 'plan' },
    indexes: [],
    buildFiles: ['pyproject.toml'],
    certificateFiles: [],
    ...change,
  };
}
