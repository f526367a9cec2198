import { bytecodeLabel } from '../bytecode/label.ts';
import type { ProjectFacts } from '../project/facts.ts';
import type { ResolvedSettings } from './settings.ts';

/** Set to `true` where the image has debug tools. */
const debugLabel = 'tare.debug';
/** Set to `true` where the image is to run with a root that cannot be written. */
export const readOnlyLabel = 'tare.read-only';

/** Labels of the image (OCI image specification, pre-defined annotation keys); configured ones win. */
export function planLabels(
  facts: ProjectFacts,
  configured: Readonly<Record<string, string>>,
  magic: number | undefined,
  { debug, readOnly }: Pick<ResolvedSettings, 'debug' | 'readOnly'>,
): Readonly<Record<string, string>> {
  const { name, version, description } = facts;
  return {
    'org.opencontainers.image.title': name.value,
    ...(version === undefined ? {} : { 'org.opencontainers.image.version': version.value }),
    ...(description === undefined ? {} : { 'org.opencontainers.image.description': description.value }),
    ...(magic === undefined ? {} : { [bytecodeLabel]: String(magic) }),
    ...(debug === true ? { [debugLabel]: 'true' } : {}),
    ...(readOnly === true ? { [readOnlyLabel]: 'true' } : {}),
    ...configured,
  };
}
