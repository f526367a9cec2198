import type { Plan, Process } from './types.ts';

/** What an image says of how it runs, in the order in which it is written down. */
export interface ImageSettings {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** Exec form. */
  readonly cmd: readonly string[];
  /** `65532:65532`. */
  readonly user: string;
  readonly workdir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** TCP. */
  readonly exposedPorts: readonly number[];
  readonly stopSignal?: string;
}

/** The settings of the plan's image, whoever builds it. */
export function imageSettingsOf(plan: Plan): ImageSettings {
  const [main] = Object.values(plan.processes) as [Process, ...Process[]];
  return {
    env: plan.env.map(({ name, value }) => ({ name, value })),
    cmd: main.command,
    user: `${plan.user.uid}:${plan.user.gid}`,
    workdir: plan.workdir,
    labels: plan.labels,
    exposedPorts: [...new Set(Object.values(plan.processes).flatMap((process) => process.ports))],
    ...(plan.stopSignal === undefined ? {} : { stopSignal: plan.stopSignal.value }),
  };
}
