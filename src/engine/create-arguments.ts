import type { RunRequest, VolumeMount } from './run-request.ts';
import { parseUser } from './user.ts';

export interface CreateOptions {
  /** Name or id of the image in the engine. */
  readonly image: string;
  /** Absolute path of the file that `renderEnvironmentFile` gave. */
  readonly environmentFile: string;
  readonly hostNetwork: boolean;
  /** Resource limits by name, `soft:hard`; absent where the engine's own will do. */
  readonly limits?: Readonly<Record<string, string>>;
}

/** Arguments of `docker create` and `podman create`. */
export function renderCreateArguments(request: RunRequest, options: CreateOptions): readonly string[] {
  const { config } = request.image;
  return [
    'create',
    ...(request.interactive ? ['--interactive'] : []),
    ...(request.tty ? ['--tty'] : []),
    ...['--security-opt', 'no-new-privileges', ...(isRoot(config.user) ? [] : ['--cap-drop', 'ALL'])],
    ...Object.entries(options.limits ?? {}).flatMap(([name, limit]) => ['--ulimit', `${name}=${limit}`]),
    ...networkArguments(request, options.hostNetwork),
    ...['--env-file', options.environmentFile],
    ...Object.entries(request.env).flatMap(([name, value]) => (isOneLine(value) ? [] : ['--env', `${name}=${value}`])),
    ...(request.readOnly === true ? ['--read-only', '--tmpfs', '/tmp'] : []),
    ...request.volumes.flatMap((volume) => ['--mount', renderMount(volume)]),
    options.image,
    ...(request.command ?? []),
  ];
}

/** The variables as an environment file has them, a line each; those that hold a line break cannot be in one. */
export function renderEnvironmentFile(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .filter(([, value]) => isOneLine(value))
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function isOneLine(value: string): boolean {
  return !/[\r\n]/.test(value);
}

function isRoot(user: string): boolean {
  // A name is looked up by the engine; it keeps what root may need.
  return /^\d/.test(user) ? parseUser(user).uid === 0 : true;
}

function networkArguments({ network, ports }: RunRequest, hostNetwork: boolean): readonly string[] {
  if (network === 'none') return ['--network', 'none'];
  return hostNetwork ? ['--network', 'host'] : ports.flatMap(publish);
}

function publish({ host, container }: RunRequest['ports'][number]): readonly string[] {
  return ['--publish', `127.0.0.1:${host}:${container}`];
}

/** The value of `--mount`, which is one line of CSV (RFC 4180). */
function renderMount({ source, target, readOnly }: VolumeMount): string {
  const fields = ['type=bind', `source=${source}`, `target=${target}`, ...(readOnly ? ['readonly'] : [])];
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}
