import type { InlineConfig } from '../config/schema.ts';
import type { Plan } from '../plan/types.ts';
import type { MeteredContext } from './context.ts';
import { prepare } from './prepare.ts';

/** Every decision about the image of the application in `directory`, without building. Throws `TareError`. */
export async function plan(directory: string, inline: InlineConfig, context: MeteredContext): Promise<Plan> {
  return (await prepare(directory, inline, context)).inputs.plan;
}
