import type { Context } from '../../base/context.ts';
import { makePlatform, renderPlatform } from '../../oci/platform.ts';
import { listPrograms, runProgram } from '../program.ts';
import type { BuilderAbsence } from './types.ts';
import { isAtLeast } from './version.ts';

const patienceSeconds = 15;

/** A docker command whose engine answers. */
export interface DockerClient {
  /** Absolute path. */
  readonly file: string;
  readonly client: string;
  readonly server: string;
  /** Of the engine: `linux/amd64`; absent where it does not say. */
  readonly platform?: string;
  /** How it builds: BuildKit in the engine, BuildKit through the plugin buildx, or the builder from before BuildKit. */
  readonly kind: 'buildkit' | 'buildx' | 'legacy';
  /** The engine has no bridge network: steps of a build get that of the host. */
  readonly hostNetwork: boolean;
}

/** The first docker on PATH that builds with BuildKit, else the first that answers at all. */
export async function findDockerClient(context: Context): Promise<DockerClient | BuilderAbsence> {
  let legacy: DockerClient | undefined;
  let said: string | undefined;
  for await (const file of listPrograms(context, ['docker'])) {
    const options = { env: context.env, timeoutSeconds: patienceSeconds, signal: context.signal };
    const format = '{{.Client.Version}} {{if .Server}}{{.Server.Version}} {{.Server.Os}} {{.Server.Arch}}{{end}}';
    const { code, stdout, stderr } = await runProgram(file, ['version', '--format', format], options);
    const [client = '', server = '', os, architecture] = stdout.trim().split(' ');
    if (code !== 0 || server === '') {
      said ??= stderr;
      continue;
    }
    const networks = await runProgram(file, ['network', 'ls', '--format', '{{.Driver}}'], options);
    const hostNetwork =
      context.host.platform === 'linux' && networks.code === 0 && !/^(bridge|nat)$/m.test(networks.stdout);
    const hasBuildx = (await runProgram(file, ['buildx', 'version'], options)).code === 0;
    const kind = kindOf(context.env['DOCKER_BUILDKIT'], client, server, hasBuildx);
    const platform =
      os === undefined || architecture === undefined
        ? {}
        : { platform: renderPlatform(makePlatform(os, architecture)) };
    const found = { file, client, server, kind, hostNetwork, ...platform };
    if (kind !== 'legacy') return found;
    legacy ??= found;
  }
  return legacy ?? dockerAbsence(said);
}

/** Clients up to 22 speak to BuildKit themselves, later ones through buildx; `DOCKER_BUILDKIT=0` wants the old builder. */
export function kindOf(
  wish: string | undefined,
  client: string,
  server: string,
  hasBuildx: boolean,
): DockerClient['kind'] {
  if (wish === '0' || wish?.toLowerCase() === 'false' || !isAtLeast(server, '18.9.0')) return 'legacy';
  if (!isAtLeast(client, '23.0.0')) return 'buildkit';
  return hasBuildx ? 'buildx' : 'legacy';
}

/** `said` is what the client printed where its engine did not answer; undefined where there is no client. */
export function dockerAbsence(said: string | undefined): BuilderAbsence {
  if (said === undefined)
    return { reason: 'there is no `docker` on PATH', hint: 'install Docker, or choose another --engine' };
  const text = said.trim().slice(0, 500);
  if (/permission denied/i.test(said))
    return {
      reason: `its engine does not let this user in: ${text}`,
      hint: 'run: sudo usermod -aG docker "$USER", then log in again; or use rootless Docker, or --engine podman',
    };
  return {
    reason: `its engine does not answer: ${text === '' ? 'the client says nothing' : text}`,
    hint: 'start it (`systemctl start docker`, Docker Desktop), or name it with DOCKER_HOST or `docker context use`',
  };
}
