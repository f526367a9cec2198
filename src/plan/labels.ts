import type { ProjectFacts } from '../project/facts.ts';

/** Labels of the image (OCI image specification, pre-defined annotation keys); configured ones win. */
export function planLabels(
  facts: ProjectFacts,
  configured: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { name, version, description } = facts;
  return {
    'org.opencontainers.image.title': name.value,
    ...(version === undefined ? {} : { 'org.opencontainers.image.version': version.value }),
    ...(description === undefined ? {} : { 'org.opencontainers.image.description': description.value }),
    ...configured,
  };
}
