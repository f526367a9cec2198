import type { Context } from '../../base/context.ts';
import { assertNever, TareError } from '../../base/errors.ts';
import { findBuildctl } from './buildctl.ts';
import { findBuildx } from './buildx.ts';
import { findBuildahBuilder, findPodmanBuilder } from './containers.ts';
import { findDockerBuilder } from './docker.ts';
import { type Builder, type BuilderAbsence, type BuilderName, builderNames } from './types.ts';

/** A builder by name, or with `auto` the first that works. Throws `BUILDER_MISSING`, saying what is wrong with each. */
export async function chooseBuilder(context: Context, wanted: BuilderName | 'auto', named?: string): Promise<Builder> {
  const absences: (BuilderAbsence & { readonly name: BuilderName })[] = [];
  for (const name of wanted === 'auto' ? orderOf(context, named) : [wanted]) {
    const found = await findBuilder(context, name, named);
    if (!('reason' in found)) return found;
    absences.push({ ...found, name });
  }
  throw builderMissing(wanted, absences);
}

/** Where BUILDKIT_HOST names a daemon, somebody wants that one. A name alone can only be one of buildx's. */
function orderOf(context: Context, named: string | undefined): readonly BuilderName[] {
  if (named !== undefined) return named.includes('://') ? ['buildctl'] : ['buildx'];
  const host = context.env['BUILDKIT_HOST'];
  const others = builderNames.filter((name) => name !== 'buildctl');
  return host === undefined || host === '' ? others : ['buildctl', ...others];
}

async function findBuilder(
  context: Context,
  name: BuilderName,
  named: string | undefined,
): Promise<Builder | BuilderAbsence> {
  switch (name) {
    case 'buildx':
      return findBuildx(context, named);
    case 'buildctl':
      if (named !== undefined && !named.includes('://'))
        return {
          reason: `\`${named}\` is no address`,
          hint: 'give one: `--builder tcp://HOST:PORT`, `unix://PATH`, `kube-pod://POD`; names are for `--engine buildx`',
        };
      return findBuildctl(context, named);
    case 'docker':
    case 'podman':
    case 'buildah':
      if (named !== undefined)
        return {
          reason: 'it has no builders to choose from by name',
          hint: 'leave --builder out, or use `--engine buildx`',
        };
      return name === 'docker'
        ? findDockerBuilder(context)
        : name === 'podman'
          ? findPodmanBuilder(context)
          : findBuildahBuilder(context);
    default:
      return assertNever(name);
  }
}

function builderMissing(
  wanted: BuilderName | 'auto',
  absences: readonly (BuilderAbsence & { readonly name: BuilderName })[],
): TareError {
  const [first] = absences;
  return new TareError({
    code: 'BUILDER_MISSING',
    message:
      wanted === 'auto'
        ? ['nothing here can build a Dockerfile', ...absences.map(({ name, reason }) => `  ${name}: ${reason}`)].join(
            '\n',
          )
        : `\`${wanted}\` cannot build here: ${first?.reason ?? 'it is not there'}`,
    hint:
      wanted === 'auto'
        ? 'install one (apt-get install docker-buildx, podman or buildah), or build without --engine, which needs none'
        : (first?.hint ?? 'choose another --engine'),
  });
}
