export interface OrderedDistribution { readonly name: string; readonly requires: readonly string[]; readonly virtual?: boolean; }
export function installOrder(distributions: readonly OrderedDistribution[], requested: readonly string[]): readonly string[] { throw new Error(`${distributions}${requested}`); }
