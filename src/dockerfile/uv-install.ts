import { parseArchitecture } from '../plan/target.ts';
import type { Target } from '../plan/types.ts';
import type { TagTarget } from '../python/tags.ts';
import { pinnedUv, uvRequirementFor } from '../python/uv-wheels.ts';
import { compileProject } from './bytecode.ts';
import { cacheMounts, type Frame, secretMounts } from './frame.ts';
import type { Comment, Instruction, Mount, ShellCommand } from './instruction.ts';
import { buildFolder, pipMounts, projectComment, projectSources } from './pip-install.ts';
import { requirementSet, writeLines } from './requirements.ts';
import { systemBundle } from './secrets.data.ts';

/** The start of a stage that installs with uv, into the virtual environment at its final path. */
export function uvStage(frame: Frame): readonly Instruction[] {
  const { python, plan } = frame;
  const venv = frame.venv ?? '';
  return [
    {
      kind: 'env',
      comment: {
        brief: 'Of this stage only.',
        more: 'Files are copied, as the cache is another file system. Bytecode is hash-based and unchecked: dates of files do not matter. No other Python is fetched: the one of the base runs the image.',
      },
      pairs: [
        { name: 'PIP_CERT', value: systemBundle },
        { name: 'SSL_CERT_FILE', value: systemBundle },
        { name: 'UV_LINK_MODE', value: 'copy' },
        ...(plan.bytecode.mode === 'all'
          ? [
              { name: 'UV_COMPILE_BYTECODE', value: '1' },
              { name: 'PYC_INVALIDATION_MODE', value: 'UNCHECKED_HASH' },
            ]
          : []),
        { name: 'UV_PYTHON_DOWNLOADS', value: 'never' },
        { name: 'UV_PROJECT_ENVIRONMENT', value: venv },
        { name: 'VIRTUAL_ENV', value: venv },
      ],
    },
    { kind: 'workdir', path: buildFolder },
    {
      kind: 'run',
      comment: {
        brief:
          'uv is a wheel like any other: it comes by hash from the index that the rest comes from, and stays in this stage.',
        more: 'The environment is made by Python itself: that of `uv venv` has a module that every start imports.',
      },
      mounts: pipMounts(frame),
      commands: [...installUv(frame), [[python.program, '-m', 'venv', '--without-pip', venv]]],
    },
  ];
}

/** By hash, whichever index has it; for a platform without a wheel that is known, by its version alone. */
function installUv({ plan }: Frame): readonly ShellCommand[] {
  const pip = ['pip', 'install', '--disable-pip-version-check', '--root-user-action=ignore'];
  const requirement = uvRequirementFor(plan.targets.map(tagTargetOf));
  if (requirement === undefined) return [[[...pip, `uv==${pinnedUv.version}`]]];
  return [
    writeLines('uv.txt', [requirement]),
    [pip, ['--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', 'uv.txt']],
  ];
}

function tagTargetOf({ platform, python, base }: Target): TagTarget {
  const [major = 2, minor = 0] = base.glibc.split('.').map(Number);
  return { python: python.version, glibc: { major, minor }, architecture: parseArchitecture(platform).machine };
}

export function uvInstall(frame: Frame): readonly Instruction[] {
  const { lock } = frame.inputs;
  if (lock.kind === 'uv') {
    return [
      { kind: 'copy', sources: ['pyproject.toml', 'uv.lock'], destination: './' },
      {
        kind: 'run',
        comment: installComment(frame, '`uv.lock`, which must fit `pyproject.toml` (`--locked`)'),
        mounts: uvMounts(frame),
        commands: [
          [['uv', 'sync', '--locked', '--no-install-project', ...selection(lock)], [...buildFlags(frame)]].filter(
            hasWords,
          ),
        ],
      },
    ];
  }
  const set = requirementSet(frame);
  const what = lock.kind === 'requirements' ? `the set that \`${lock.file}\` closes` : 'the wheels of the plan';
  // Hashes say which file it is, wherever it comes from.
  const strategy = frame.inputs.indexes.length === 0 ? [] : ['--index-strategy', 'unsafe-best-match'];
  return [
    ...set.instructions,
    {
      kind: 'run',
      comment: installComment(frame, `${what}, by hash`),
      mounts: uvMounts(frame),
      commands: [
        ...set.commands,
        [
          ['uv', 'pip', 'sync', '--require-hashes', ...buildFlags(frame), ...strategy],
          ...set.indexes.map((url) => ['--extra-index-url', url]),
          set.files,
        ],
      ],
    },
  ];
}

function hasWords(line: readonly string[]): boolean {
  return line.length > 0;
}

/** What `uv sync` installs: nothing by default, as in the plan. */
function selection({ extras, groups }: { readonly extras: readonly string[]; readonly groups: readonly string[] }) {
  return [
    '--no-default-groups',
    ...extras.flatMap((extra) => ['--extra', extra]),
    ...groups.flatMap((group) => ['--group', group]),
  ];
}

function buildFlags({ built }: Frame): readonly string[] {
  return built.length === 0 ? ['--no-build'] : [];
}

function uvMounts(frame: Frame): readonly Mount[] {
  return [
    ...cacheMounts(frame, { type: 'cache', target: '/root/.cache/uv' }),
    ...secretMounts(frame, 'uv_toml', 'netrc', 'ca'),
  ];
}

function installComment({ built }: Frame, what: string): Comment {
  return {
    brief: `Exactly ${what}.`,
    more:
      built.length === 0
        ? 'Wheels alone: nothing of another package runs here, where settings and passwords may be.'
        : `${built.map((one) => one.name).join(', ')} has no wheel and is built: its build back end can read what this step can.`,
  };
}

/** The project as a distribution, by its own build back end. */
export function uvProject(frame: Frame): readonly Instruction[] {
  const sources = projectSources(frame);
  if (sources === undefined) return [];
  const command: ShellCommand = [['uv', 'pip', 'install', '--no-deps', '--no-sources', '.']];
  return [
    ...sources,
    { kind: 'run', comment: projectComment, mounts: uvMounts(frame), commands: [command, ...compileProject(frame)] },
  ];
}
