import { wrapComment } from './comments.ts';
import type { BuilderFeature, DockerfileInputs, DockerfileOptions, DockerfileSecret, Variant } from './types.ts';

const descriptions: Readonly<Record<Variant, string>> = {
  plain: 'two stages on the full image, and nothing asked of the builder',
  cached: 'pip with a cache mount, its result laid over the Python of the slim image',
  venv: 'pip with a cache mount into a virtual environment, on the slim image',
  wheels: 'a wheel-house in a stage of its own, installed from a bind mount',
  uv: 'uv with a cache mount into a virtual environment, on the slim image, without uv in it',
};

/** What a reader wants to know before the first instruction. */
export function renderHeader(
  { because }: DockerfileInputs,
  { variant, comments = 'full' }: DockerfileOptions,
  secrets: readonly DockerfileSecret[],
  needs: readonly BuilderFeature[],
): string {
  if (comments === 'none') return '';
  const chosen = because === undefined ? '' : ` Chosen for this project: ${because}.`;
  const why = wrapComment(`Variant \`${variant}\`: ${descriptions[variant]}.${chosen} ${needsText(needs)}`);
  if (secrets.length === 0 || comments === 'brief') return why;
  const lines = secrets.map(({ id, example, purpose }) => `#   --secret id=${id},src=${example}   (${purpose})\n`);
  return [
    why,
    '#\n',
    wrapComment(
      'Secrets of the build, each only where the network asks for it; what is not given is upstream. None gets into a layer or the history, as a build argument would:',
    ),
    ...lines,
  ].join('');
}

export function needsText(needs: readonly BuilderFeature[]): string {
  if (needs.includes('link')) return 'Needs BuildKit 0.10 (Docker 23); `--no-link` is for builders before that.';
  if (needs.includes('mounts'))
    return 'Needs BuildKit (Docker 18.09 with DOCKER_BUILDKIT=1), or buildah 1.28 (podman 4.3).';
  return 'Any builder will do.';
}
