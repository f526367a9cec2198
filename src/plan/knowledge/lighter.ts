import { normalizedName } from '../../python/package-name.ts';
import { lighterChoices } from './lighter.data.ts';
import type { LighterChoice } from './types.ts';

/** A chosen distribution, and which others require it. */
export interface ChosenDistribution {
  readonly name: string;
  readonly requiredBy: readonly string[];
}

export interface LighterAdvice extends LighterChoice {
  /** Distributions that require the heavier one by name; where there are any, a lock needs an override. */
  readonly requiredBy: readonly string[];
}

/** Which of the chosen distributions have a lighter one, in their order; those whose lighter one is chosen too are left out. */
export function lighterAdvice(chosen: readonly ChosenDistribution[]): readonly LighterAdvice[] {
  const names = new Set(chosen.map(({ name }) => normalizedName(name)));
  return chosen.flatMap(({ name, requiredBy }) => {
    const choice = lighterChoices.find((one) => one.distribution === normalizedName(name));
    return choice === undefined || names.has(choice.instead) ? [] : [{ ...choice, requiredBy }];
  });
}

/** The advice as a sentence; `saved` for people: `52 MB`. */
export function renderLighterAdvice({ advice, distribution, instead, without }: LighterChoice, saved: string): string {
  const values: Readonly<Record<string, string>> = { distribution, instead, without, saved };
  return advice.replaceAll(/\{(\w+)\}/g, (all, key: string) =>
    Object.hasOwn(values, key) ? (values[key] ?? all) : all,
  );
}
