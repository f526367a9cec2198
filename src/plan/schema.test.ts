import type * as v from 'valibot';
import { expectTypeOf, test } from 'vitest';
import type { planSchema } from './schema.ts';
import type { Plan } from './types.ts';

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

test('every plan fits the published schema', () => {
  expectTypeOf<Plan>().toExtend<Frozen<v.InferInput<typeof planSchema>>>();
});
