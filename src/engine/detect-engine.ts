import type { Context } from '../base/context.ts';
import { assertNever, TareError } from '../base/errors.ts';
import type { Engine } from './container.ts';
import { findDocker } from './docker.ts';
import { findNamespaces } from './namespaces.ts';
import { findPodman } from './podman.ts';
import { findRunc } from './runc.ts';
import type { EngineName, RunRequest } from './run-request.ts';

const order = ['docker', 'podman', 'runc', 'namespaces'] as const satisfies readonly EngineName[];

/**
 * The engines that can be used here and now, the preferred one first; each is looked for only when the ones before it
 * would not do. Throws `ENGINE_MISSING` where there is none.
 */
export async function* listEngines(context: Context, request: RunRequest): AsyncGenerator<Engine> {
  let found = false;
  for (const name of request.engine === undefined ? (request.engines ?? order) : [request.engine]) {
    const engine = await findEngine(context, name);
    if (engine === undefined) continue;
    found = true;
    yield engine;
  }
  if (!found) throw engineMissing(context, request.engine);
}

async function findEngine(context: Context, name: EngineName): Promise<Engine | undefined> {
  switch (name) {
    case 'docker':
      return findDocker(context);
    case 'podman':
      return findPodman(context);
    case 'runc':
      return findRunc(context);
    case 'namespaces':
      return findNamespaces(context);
    default:
      return assertNever(name);
  }
}

function engineMissing(context: Context, wanted: EngineName | undefined): TareError {
  const linux = context.host.platform === 'linux';
  return new TareError({
    code: 'ENGINE_MISSING',
    message: wanted === undefined ? 'nothing here can run a container' : `\`${wanted}\` cannot be used here`,
    expected: linux
      ? 'docker or podman that answers, runc as root, or namespaces by `unshare`'
      : 'docker or podman that answers',
    hint: linux
      ? 'apt-get install podman, or allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0'
      : 'start Docker Desktop, or install podman and run: podman machine init --now',
  });
}
