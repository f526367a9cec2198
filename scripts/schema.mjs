// Writes schema/plan.json from the schema in the sources. `--check` fails where the file on disk is another.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { planSchema } from '../dist/plan/schema.js';

const file = new URL('../schema/plan.json', import.meta.url);
const schema = { title: 'The plan of tare, schema version 1', ...toJsonSchema(planSchema) };
const text = `${JSON.stringify(schema, undefined, 2)}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('schema/plan.json is stale: run `npm run schema` and commit it');
    process.exit(1);
  }
} else {
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
}
