import { TareError } from '../base/errors.ts';
import { pythonSuffix } from '../plan/python.ts';
import type { Plan, PlannedWheel, Target } from '../plan/types.ts';
import type { Mount } from './instruction.ts';
import { dockerfileSecrets } from './secrets.data.ts';
import type { DockerfileInputs, DockerfileOptions, SecretId, Variant } from './types.ts';

/** What every part of a Dockerfile asks for, worked out once. */
export interface Frame {
  readonly inputs: DockerfileInputs;
  readonly plan: Plan;
  readonly variant: Variant;
  /** Caches and secrets are mounted. */
  readonly hasMounts: boolean;
  /** `COPY --link` */
  readonly link: boolean;
  /** The builder may be old: names of files in ASCII alone. */
  readonly asciiOnly: boolean;
  readonly python: FramePython;
  /** Distributions land in a virtual environment of their own, at its final path. */
  readonly venv?: string;
  /** Folder with `bin` and `lib` of the distributions in the final image. */
  readonly prefix: string;
  /** Where they are put while building, where that is another folder. */
  readonly staging: string;
  /** Distributions that have no wheel and are built from their sources. */
  readonly built: readonly PlannedWheel[];
  readonly owner: string;
  /** The base may say who runs, what is started and how that is asked for its health, and may have accounts: the official images do not. */
  readonly isForeignBase: boolean;
}

export interface FramePython {
  /** `/usr/local/bin/python3.13` */
  readonly program: string;
  /** `/usr/local` */
  readonly prefix: string;
  /** `/usr/local/lib/python3.13` */
  readonly library: string;
}

export function makeFrame(inputs: DockerfileInputs, { variant, link = true }: DockerfileOptions): Frame {
  const { plan } = inputs;
  const [target] = plan.targets as readonly [Target, ...Target[]];
  const python = pythonOf(target);
  const venv = variant === 'venv' || variant === 'uv' ? target.python.prefix : undefined;
  const built = plan.targets.flatMap(({ wheels }) => wheels.filter((one) => one.built !== undefined));
  return {
    inputs,
    plan,
    variant,
    hasMounts: variant !== 'plain',
    link: link && variant !== 'plain',
    asciiOnly: !link || variant === 'plain',
    python,
    ...(venv === undefined ? {} : { venv }),
    prefix: venv ?? python.prefix,
    staging: venv ?? (variant === 'wheels' ? python.prefix : '/install'),
    built: [...new Map(built.map((one) => [one.name, one])).values()],
    owner: `${plan.user.uid}:${plan.user.gid}`,
    isForeignBase: !/^(?:docker\.io\/)?(?:library\/)?python:/.test(inputs.base.name),
  };
}

/** The Python of the official images, or that of the image which the plan was made for. */
function pythonOf({ base, python }: Target): FramePython {
  const name = `python${pythonSuffix(python)}`;
  const program = base.provider === 'image' ? python.interpreter : `/usr/local/bin/${name}`;
  const prefix = program.replace(/\/bin\/[^/]+$/, '');
  if (prefix !== '/usr' && prefix !== '') return { program, prefix, library: `${prefix}/lib/${name}` };
  throw new TareError({
    code: 'DOCKERFILE_BASE',
    message: `the base has the Python of its distribution (\`${program}\`), which pip must not change`,
    expected: 'an image with a Python and pip of its own, such as `python:3.13-slim`',
    hint: 'leave `--base` out for the official image, or build without a Dockerfile: `tare build`',
  });
}

/** Mounts of secrets, where the variant has any. */
export function secretMounts({ hasMounts }: Frame, ...ids: readonly SecretId[]): readonly Mount[] {
  if (!hasMounts) return [];
  return ids.map((id) => {
    const { target } = dockerfileSecrets[id];
    // What apt fetches it fetches as another user than root.
    return { type: 'secret', id, target, ...(id === 'ca' || id === 'apt_sources' ? { mode: '0444' } : {}) };
  });
}

export function cacheMounts({ hasMounts }: Frame, ...mounts: readonly Mount[]): readonly Mount[] {
  return hasMounts ? mounts : [];
}
