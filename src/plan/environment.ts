import { TareError } from '../base/errors.ts';
import type { EnvironmentVariable, PlannedUser } from './types.ts';

export interface EnvironmentInputs {
  readonly prefix: string;
  readonly user: PlannedUser;
  readonly workdir: string;
  /** Folder of the project that must be on `sys.path`, relative to it; undefined where the project is a distribution. */
  readonly importRoot?: string;
  readonly configured: Readonly<Record<string, string>>;
  /** Folders of libraries that the loader would not find, absolute. */
  readonly libraryPath: readonly string[];
  /** Of a base image, which keeps its own. */
  readonly base?: readonly { readonly name: string; readonly value: string }[];
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment of the image, in a fixed order; what the configuration names wins in place. */
export function planEnvironment(inputs: EnvironmentInputs): readonly EnvironmentVariable[] {
  const { prefix, workdir, importRoot } = inputs;
  const own: EnvironmentVariable[] = [
    variable(
      'PATH',
      `${prefix}/bin:${inputs.base?.find((one) => one.name === 'PATH')?.value ?? defaultPath}`,
      'the virtual environment first',
    ),
    variable('VIRTUAL_ENV', prefix, 'tools look here for the virtual environment'),
    variable('HOME', inputs.user.home, 'libraries keep caches and settings below it'),
    variable('LANG', 'C.UTF-8', 'text is UTF-8 whatever the host says'),
    variable('PYTHONUNBUFFERED', '1', 'log lines appear when they are written'),
    ...(inputs.base === undefined
      ? [variable('SSL_CERT_FILE', '/etc/ssl/certs/ca-certificates.crt', 'the CA bundle of the base')]
      : []),
  ];
  if (importRoot !== undefined) {
    const folder = importRoot === '' ? workdir : `${workdir}/${importRoot}`;
    own.push(variable('PYTHONPATH', folder, 'the application is importable from whatever starts it'));
  }
  if (inputs.libraryPath.length > 0) {
    const before = inputs.base?.find((one) => one.name === 'LD_LIBRARY_PATH')?.value;
    const folders = [...inputs.libraryPath, ...(before === undefined ? [] : [before])];
    own.push(variable('LD_LIBRARY_PATH', folders.join(':'), "a wheel finds NVIDIA's libraries by no other way"));
  }
  const configured = Object.entries(inputs.configured).map(([name, value]) =>
    variable(name, value, '`[tool.tare.env]`'),
  );
  const base = (inputs.base ?? []).map(({ name, value }) => variable(name, value, 'set by the base image'));
  const byName = new Map(base.map((one) => [one.name, one]));
  for (const one of [...own, ...configured]) byName.set(one.name, one);
  return [...byName.values()];
}

function variable(name: string, value: string, rule: string): EnvironmentVariable {
  return { name, value, because: { rule } };
}

/** `65532:65532`, `1000`, `root` as a user of the image. */
export function planUser(text: string): PlannedUser {
  const match = /^(?:(root)|(\d{1,9})(?::(\d{1,9}))?)$/.exec(text);
  if (match === null) {
    throw new TareError({
      code: 'USER_INVALID',
      message: `\`${text}\` is not a user of the image`,
      expected: '`UID`, `UID:GID` or `root`',
      hint: 'leave `user` out for the unprivileged user 65532',
    });
  }
  const uid = match[1] === 'root' ? 0 : Number(match[2]);
  const gid = match[3] === undefined ? uid : Number(match[3]);
  if (uid === 0) return { name: 'root', uid, gid, home: '/root', because: { rule: 'configured' } };
  const own = uid === 65532;
  return {
    name: own ? 'nonroot' : String(uid),
    uid,
    gid,
    home: '/home/nonroot',
    because: { rule: own ? 'an unprivileged user that no host uses' : 'configured' },
  };
}
