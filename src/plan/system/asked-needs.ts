import type { Because } from '../../base/because.ts';
import { type KnownNeed, type KnownWheel } from '../knowledge/types.ts';
import { knownNeeds } from '../knowledge/known-needs.ts';
import type { PlanWarning } from '../types.ts';
import type { AskedNeed } from './types.ts';

/** What is asked for beside what ELF files tell: by the configuration, and by what is known of distributions. */
export function askedNeeds(
  packages: readonly string[],
  because: Because | undefined,
  wheels: readonly KnownWheel[],
): readonly AskedNeed[] {
  const configured = packages.map(
    (name): AskedNeed => ({ kind: 'package', names: [name], because: because ?? { rule: 'configured' } }),
  );
  return [
    ...configured,
    ...knownNeeds(wheels)
      .filter((one) => one.need === 'required')
      .flatMap(knownNeed),
  ];
}

function knownNeed({ kind, names, distribution, condition, evidence }: KnownNeed): AskedNeed[] {
  const [first, ...others] = names;
  if (first === undefined) return [];
  const how = kind === 'library' ? 'opens' : 'runs';
  const rule = `\`${distribution}\` ${how} \`${first}\` when ${condition}: ${evidence}`;
  return [{ kind, names: [first, ...others], distribution, because: { rule } }];
}

/** What distributions can make use of and the image does not have: offered, never added. `isThere`: whether it has a file of that name. */
export function optionalNeeds(
  wheels: readonly KnownWheel[],
  isThere: (name: string) => boolean = () => false,
): readonly PlanWarning[] {
  return knownNeeds(wheels)
    .filter((one) => one.need === 'optional' && !one.names.some(isThere))
    .map(({ kind, names, distribution, condition }) => ({
      code: 'SYSTEM_OPTIONAL',
      message: `\`${distribution}\` ${kind === 'library' ? 'opens' : 'runs'} \`${names.join('` or `')}\` when ${condition}`,
      hint: 'if the application does that, name the Debian package in `system-packages`',
    }));
}
