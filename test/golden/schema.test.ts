import { toJsonSchema } from '@valibot/to-json-schema';
import { expect, test } from 'vitest';
import { planSchema } from '../../src/plan/schema.ts';

test('schema/plan.json is the schema of the plan (`npm run docs` writes it)', async () => {
  const schema = { title: 'The plan of tare, schema version 1', ...toJsonSchema(planSchema) };
  await expect(`${JSON.stringify(schema, undefined, 2)}\n`).toMatchFileSnapshot('../../schema/plan.json');
});
